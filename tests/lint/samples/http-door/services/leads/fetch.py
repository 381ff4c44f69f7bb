import urllib.request

PAGE = urllib.request.urlopen
