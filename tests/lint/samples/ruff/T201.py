print("somewhere")
