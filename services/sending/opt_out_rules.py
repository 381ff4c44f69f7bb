"""The phrases `opt_out.py` looks for: what people write when they want no more messages, and what only looks like it.

Written in plain Portuguese without accents; `opt_out.py` reads a message into the same form: small letters, no"
r" accents,
`|` between clauses and for an emoji, doubled letters single (in these rules too), the abbreviations of `SPELLINGS`
written out and the words of `FILLERS` gone (`opt_out_words.py`). `{name}` is a part from `PARTS`,
`#` a wish that was found.
"""

from collections.abc import Mapping
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "send": r"(?:(?:mand|envi|encaminh|escrev|cham|perturb|incomod|importun|contat|contact|procur|atorment|amol"
    r"|dispar|marc|aporrinh|spam|flod|torr|enche?|insist|enviad)(?:ar|a|e|em|am|er|ir|ando|endo|indo|arem|erem"
    r"|as?sem?)?)",
    "noun": r"(?:mensagem|zap|propagandas?|ofertas?|spam|spans|publicidades?|divulgac\w+|anuncios?|comunic\w+"
    r"|informativos?|informac\w+|sms|newsletter|marketing|conteudos?|notificac\w+|lixo|porcarias?|avisos"
    r"|campanhas?|disparos?)(?: (?:nenhuma?|alguma?|automaticas|indesejadas|promocionais|comerciais"
    r"|publicitarias))?",
    "thing": r"(?:de ninguem|(?:os )?outros|isso|isto|nada|coisas?|contatos?|saco|paciencia|disso|nenhuma?"
    r"|qualquer coisa)",
    "det": r"(?:(?:mais|nenhuma?|nada|de|dessas?|desses?|destes?|destas?|essas?|esses?|estas?|estes?|este"
    r"|qualquer|quaisquer|suas?|seus?|tipo|tais|as|os|a|o|um|uma|mensagem|outras?|por|via|no|zap|meu|minha"
    r"|aqui) )*",
    "from": r"(?:(?:d[aeo]s?|dess[ae]s?|dest[ae]s?|n[ao]s?|ness[ae]s?|nest[ae]s?|em|nenhuma?|qualquer|tuas?"
    r"|teus?|suas?|seus?|vossas?|meu|minha) )+",
    "list": r"(?:(?:listas?|grupos?|cadastros?|base|sistema|contatos?|agenda|mailing|transmissao|bancos?"
    r"|celular|telefone|registros?|arquivos?|sua agenda|zap|envios?|mensagem|disparos?|campanhas?|newsletter"
    r"|divulgac\w+|ofertas?|propagandas?|spam|programacao|porcaria|lixo|trem|negocio|bagaca|treco|dados"
    r"|numero)(?: de (?:transmissao|envios?|contatos?|clientes|dados|divulgac\w+|disparos?|{noun}))*)",
    "place": r"(?:{from}{list}|daqui|disso|disto|dai|dali)",
    "mine": r"(?:(?:meu (?:nome|email|numero) e )?(?:tod[oa]s? )?(?:o |os |a |as )?(?:meu|meus|minha|minhas|noso"
    r"|nosa|nosos"
    r"|esse|este)(?: \w+)? ?(?:(?:nome|email) e )?(?:numeros?|contatos?|nome|cadastro|telefone|celular|fone|zap"
    r"|dados(?: pesoais)?|informac\w+))",
    "out": r"(?:(?:re)?tir(?:ar?|e|em|arem|as?sem?)|remov(?:er?|a|am|erem|es?sem?)|exclu(?:ir?|a|am|irem"
    r"|is?sem?)|apag(?:ar?|arem|as?sem?)|apague(?:m)?|delet(?:ar?|e|em|arem)|descadastr(?:ar?|e|em|arem"
    r"|as?sem?)|desinscrev(?:er?|a|am)|risc(?:ar?|arem)|risque(?:m)?|elimin(?:ar?|e|em|arem)|bloque(?:ia|ie|iem"
    r"|ar|arem)|desativ(?:ar?|e|em)|limp(?:ar?|e|em)|esquec(?:er?|a|am)|perde|perca|desvincul(?:ar?|e|em))",
    "refuse": r"(?:(?:nao|nem|nunca mais|nunca|jamais)(?: mais)? (?:quer|quero|queremos|queria|queriamos|desejo"
    r"|desejamos|gostaria|gostariamos|preciso|aceito|autorizo|permito|pretendo|(?:to |estou )?a ?fim|vou querer"
    r"|faco questao|vou mais(?: querer)?|concordo(?: com)?|(?:estou |to )?(?:mais )?interessad[oa]|(?:tenho"
    r"|temos|ha)(?: mais| nenhum| o)* interesse|(?:tenho|temos)(?: mais)? vontade)(?: mais)?(?: mesmo)?(?: de"
    r"| em)?|dispenso|recuso(?: me a)?|sem interesse em|(?:desejo|prefiro|gostaria|preferia|quero|queria)(?: de"
    r"| mais)? nao(?: mais)?|(?:peco|solicito) (?:para|que) nao(?: mais)?)",
    "stop": r"(?<!nao )(?<!nunca )(?:para|pare|parem|parar|pararem|paras?sem?|deix(?:ar?|e|em|arem|as?sem?)"
    r"|evit(?:ar?|e|em)|chega|cansei|cess(?:ar|em|e))",
    "wish": r"(?:v(?:e|eja|ejam) se|quero|queria|quer|querem|gostaria(?: de| que)?|desejo|prefiro|preferia|solicito"
    r"|peco|preciso|posso|pode"
    r"|podem|poderia|poderiam|podia|podiam|favor|da para|daria para|te[mr](?:ia)? (?:como|jeito de)|consegue"
    r"|conseguem|conseguiria|(?:(?:gostaria de|queria|quero|venho|vim|preciso) )?(?:pedir|solicitar)|requeiro"
    r"|para|exijo|queira|queiram|(?:faz|faca|facam)(?: o)? favor|(?:(?:gostaria de|queria|quero|venho"
    r"|vim) )?(?:informar|avisar|dizer|comunicar)|informo|comunico|declaro|aviso|seria posivel|e posivel"
    r"|tem posibilidade)",
    "word": r"(?:sair|parar?|pare|cancelar?|stop|descadastrar|remover|excluir)",
    "news": r"(?:novidades|promocoes|lancamentos|oferta)",
    "anew": r"(?:de novo|novamente|outra vez|mais uma vez|de volta)",
    "softly": r"(?:e so|so|apenas|simplesmente|basta|e|se (?:for )?posivel|se puder\w*"
    r"|agradeceria(?: muito)? se|(?:ficaria|ficarei|serei)(?: muito)?(?: feliz)? se|tem (?:a )?bondade de)",
    "unless": r"(?:se|caso) (?:voces )?(?:nao )?(?:me )?(?:mais )?(?:{send}|par\w+|continu\w+|insist\w+"
    r"|receb\w+|chega\w*|{out})(?: (?:mais|me|uma|outra|so|de|novo|novamente|mensagem|isso|nada|asim|vez|a"
    r"|{send}|{noun}|alguma|hoje))*",
    "threat": r"(?:(?:eu )?(?:vou|irei|vo|vamos|terei que|ja|entao) (?:te |os |me |ter que |la |ate )*(?:bloque"
    r"|denunci|proces|reclam|report|acion|procur|registr|abrir|entrar|tomar|fazer|no procon|ao procon"
    r"|na policia|a policia|a justica|na justica)\w*|bloqueio|denuncio|proceso|sob pena)",
    "more": r"(?: (?!(?:boleto|pedido|produto|compra|entreg|nota|fatura|pix|prec|troc|cobr|consult|agend|curso|plano"
    r"|conta\b|desconto|cupom|pag[oau]|orcament)\w*|mas\b|porem\b|quero\b|queria\b|so\b|se\b|e\b|cade\b|quando\b"
    r"|nao\b|para\b|me\b)\w+)",
    "end": r"(?=$| [|?]| (?:para mim|para este|para esse|para o meu|para meu|porque|por aqui|nest?e numero"
    r"|no meu|comigo|e nao|e nem|que (?:nao|nunca|saco)|nao|nunca|mais|nem|numero|isso|conforme|segundo"
    r"|de acordo|com base|pela lei|por lei|senao|se nao|ou vou|e vou|pelo amor|na moral|de uma vez|quero sair"
    r"|e (?:me )?{out}|e par\w+))",
}

LEAVE: Final = (
    r"nao quero (?:mais )?saber (?:mais )?de {det}{noun}{end}",
    r"(?:quero|queria|vou) (?:deixar|abandonar) (?:o|a|es[ae]) (?:lista|grupo){end}",
    r"nao autorizo (?:a )?(?:me )?(?:{send}|{noun}|contato)(?: (?:via|por))?(?: {noun})?{end}",
    # Not wanting to receive, to be written to, to be there.
    r"{refuse}(?: que)? (?:continuar |ficar |estar )?(?:a )?(?:receber|recebendo)(?: mais)?(?: {det}(?:{noun}"
    r"|{thing})|{end})",
    r"{refuse} (?:mais )?ser (?:mais )?(?:perturbad|incomodad|contatad|importunad|contactad|procurad|chamad"
    r"|notificad|abordad|atormentad)[oa](?: mais)?(?: com {det}{noun})?",
    r"{refuse} (?:mais )?(?:ver|ler|nenhum) (?:mais )?{det}{noun}",
    r"{refuse}(?: mais)?(?: o (?:envio|recebimento))?(?: de)? {det}(?:{noun}|contato)\b",
    r"{refuse} (?:mais )?(?:fazer parte|participar|estar|ficar|ser parte|continuar|permanecer)(?: mais)? {place}",
    r"{refuse}(?: mais)? que (?:me |nos )?(?:mais )?(?:{send}"
    r"|entrem?(?: mais)? em contato)(?: mais)?(?: {det}(?:{noun}|{thing})|{end})",
    r"^(?:[|?] )*nao (?:mais )?receber(?: mais)?(?: {det}{noun})?$",
    r"^(?:[|?] )*(?:nao mais|nada de|nem mais uma) {noun}{end}",
    r"(?:parar?|pare|deixar) de receber(?: mais)?(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:parar?|pare|parem|stop|chega|basta|sem|fim|cancel(?:ar?|e|em|amento)|suspend\w+|suspensao|encer(?:ar|e"
    r"|em|a)|interup\w+|interomp\w+|cess(?:ar|em|e)|desativ\w+|desabilit\w+|bloquear) (?:mais |de |com |as |a "
    r"|os |o |me |mim |minha |para |meu |essas |esses |esse |estas |dest?as |tantas? )*(?:envios? |recebimento "
    r"|mandar |enviar )?(?:de |das |dos |do |as |mais |essas )*(?:{noun}|envios?|recebimento|cadastro|inscricao"
    r"|contatos?)\b(?: {place})?",
    # Asking us not to send.
    r"(?:nao|nem|nunca|nunca mais|jamais) (?:me |nos )?(?:mais )?(?:me )?{send}(?: mais)? {det}{noun}",
    r"(?:nao|nem|nunca mais|jamais) (?:me |nos )(?:mais )?{send}(?: mais)?(?: {det}{thing})?{end}",
    r"(?:nao|nem|nunca mais) (?:(?:precisa|precisam|e para|(?:ha )?(?:mais )?necesidade de|e necesario"
    r"|quero que) )?(?:mais )?(?:me )?{send}(?: mais)? {det}{noun}",
    r"(?:nao|nunca mais) (?:precisa |precisam |e para )?(?:me )?{send}(?: mais| me)*(?: {det}{thing})?(?<= mais"
    r"| nada){end}",
    r"(?:nao|nunca mais|nem) (?:me )?{send}(?: mais)? (?:est?[ae]s? )(?:{noun}|coisas?)",
    r"(?:^|[|?] |favor |numero )nao (?:perturb|incomod|importun|contat|contact)(?:e|ar|em){end}",
    r"nao (?:me )?(?:mais )?ench(?:e|er|a|am)(?: o| a| meu| minha| mais| me)*(?: paciencia| zap| celular"
    r"| cabeca){0,2}{end}",
    r"nao (?:mais )?(?:me (?:tora|tore|torem)|tor(?:a|e|em|ar)(?: o| a| meu| minha| mais)+)(?: paciencia)?{end}",
    r"(?:nao|nunca mais) (?:me )?(?:fal\w+|convers\w+) (?:mais )?comigo",
    r"(?:me )?{send} mais(?: {det}(?:{noun}|{thing}))? nao\b",
    r"(?:quero|queria) (?:mais )?(?:nao )?receber(?: mais)?(?: {det}{noun})? nao\b",
    r"quero mais nao receber(?: {noun})?",
    r"nunca mais (?:me )?{send}(?: {det}{thing})?{end}",
    r"(?:nao|nunca mais) (?:me |por )?{send} por (?:aqui|esse numero|este numero){end}",
    r"(?:nao|nunca mais)(?: e para| precisam?)? (?:me )?entr\w+ (?:mais )?em contato(?: mais| comigo"
    r"| novamente)*",
    r"{stop}(?: logo)?(?: de)? (?:ficar |me |nos |estar |tentar )*(?:{send}|entr\w+ em contato|ench\w+)(?: o| a"
    r"| me| meu| minha| mais| com)*(?: {det}(?:{noun}|{thing})|{end})",
    r"{stop} com (?:isso|esa \w+|ese \w+) de (?:ficar )?(?:me )?{send}(?: {det}(?:{noun}|{thing})|{end})",
    r"{stop}(?: logo)? (?:com|de) (?:{det})(?:isso|{noun}|me (?:perturb|incomod)\w+)(?: ai)?",
    r"^(?:[|] )*param de (?:ficar )?(?:me )?{send}(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:te[mr](?:ia)? (?:como|jeito de)|da para|daria para"
    r"|gostaria de) nao (?:mais )?receber(?: mais)? {det}{noun}{end}",
    r"(?:nao|nunca mais) (?:volt|torn)\w+ a (?:me )?{send}(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:^|[|] ){noun} nunca mais{end}|me poup\w+ de(?:st?as|sas)? {noun}",
    # The other way round: what they mean, then that they don't want it.
    r"(?:^|[|] ){det}{noun} nao (?:quero|aceito|desejo|preciso)(?: mais)?(?: receber)?(?:(?<= mais)"
    r"|(?<= receber)){end}",
    r"{refuse}(?: mais)? (?:isso|isto|nada|{noun}) (?:aqui )?(?:no|nest?e|nes?e) (?:meu )?(?:zap|celular|telefone"
    r"|numero)",
    r"chega (?:[|] )?nao (?:aguento|suporto|aguentamos)(?: mais)?(?: {det}{noun}|{end})",
    r"chega (?:disso|dest?as? {noun})",
    # What the law on personal data gives them.
    r"(?:nao autorizo|nao permito|nao dou permisao|nao consinto|proibo)(?: mais)?(?: a| o| que| com)* (?:uso"
    r"|usem|usar|utiliz\w+|envi\w+|contat\w+|mand\w+|tratamento)(?: (?:de|do|dos|para|no|o|com))*(?: {mine}"
    r"| {det}{noun})?{end}",
    r"(?:revog|retir|cancel|remov)(?:o|ar|er|a|em)(?: (?:a|o|meu|minha|qualquer))* (?:consentimento|autorizacao"
    r"|permisao|aceite)(?: (?:de|do|para|dos|ao)(?: (?!mas\b)\w+){1,8})?",
    r"(?:me )?oponho(?: me)?(?: ao?)? (?:uso|tratamento|envio|recebimento)(?: d[aeo]s?)* (?:{mine}"
    r"|{noun})(?: para {noun})?",
    r"exercer (?:o )?meu direito de (?:exclusao|oposicao|eliminacao)(?: (?:da|na) lgpd)?",
    r"(?:quero|solicito|desejo|peco) optout(?: out)?",
    # Out of the list.
    r"(?:me )?{out} (?:me |a )?(?:(?:{mine}|me|nos|numero|contato|telefone|nome|cadastro|o meu|a gente) )?(?:urgente )?"
    r"(?:(?:para |de )?fora )?{place}",
    r"(?:me {out}|{out} me|desinscrev\w+ me|descadastr\w+ me|me desinscrev\w+)(?: fora)?{end}",
    r"{out} (?:me )?{mine}(?: {place}|{end})",
    r"^(?:[|?] )*(?:favor )?{out} (?:numero|contato|telefone|nome|cadastro)$",
    r"(?:removam|retirem|excluam|tirem|apaguem) o (?:numero|contato|telefone){end}",
    r"{mine} (?:sejam?|fos?sem?|ser|fora) (?:retirad|removid|excluid|apagad|tirad|deletad)[oa]s?(?: {place}"
    r"|{end})",
    r"(?:quero|exijo|desejo) {mine} (?:fora|removid[oa]s?|excluid[oa]s?|apagad[oa]s?|retirad[oa]s?)(?: {place}"
    r"|{end})",
    r"(?:exclusao|remocao|retirada|descadastramento|descadastro|saida|eliminacao)(?: d[aeo]s?| dessa"
    r"| desta)* (?:{mine}|{place}|numero|contato)(?: {place})?",
    r"(?:quero|queria|gostaria de|desejo|prefiro|preciso|peco para|solicito)(?: muito)?(?: me)? (?:sair"
    r"|descadastrar|desinscrever|remover|ser (?:remov|exclu|descadastr|retir|apag)[ia]d[oa])(?: {place}"
    r"|(?: agora)?{end})",
    r"(?:vou|posso)(?: me)? (?:sair|descadastrar|desinscrever) {place}",
    r"(?:quero|queria|desejo|solicito|peco|exijo|gostaria d[eo]|fazer|faca|facam|realizar|efetuar)(?: o| a| meu"
    r"| minha| de| fazer)* (?:descadastr\w+|desinscric\w+|remocao|exclusao)(?:(?: {place}){1,2}|(?: de| do"
    r"| dos)? {mine}(?: {place})?|{end})",
    r"(?:sair|saia|saiam|sairam|sai) (?:d|n)(?:[aeo]|est?[ae])(?: \w+)? (?:listas?|grupos?|transmissao|mailing"
    r"|cadastro|zap|numero|celular)(?: de (?:transmissao|envios?|{noun}))?",
    r"sair d(?:as|os?) (?:envios? de )?mensagem",
    r"(?:sai(?:a|am|r)?|vaz[ae]m?|som[ae]m?|sum[ae]m?|larg(?:a|ue|uem|ar)|desgrud\w+)(?: (?:logo|ja))? d[oe] (?:meu )?"
    r"(?:pe|zap|celular|numero|telefone|contato|saco|mim)",
    r"^(?:quero )?sair d(?:est?[ae]|isso|aqui)$",
    r"(?:quero|queria|desejo) (?:parar|stop|remover|descadastrar|me retirar){end}",
    r"(?:quero|queria|desejo|exijo|peco|gostaria|solicito) que (?:parem|pare|paras?sem?){end}",
    r"^(?:[|?] )*(?:pode|podem|favor|queira|poderiam|poderia|da para) (?:parar|parem|pare|pararem"
    r"|me descadastrar|descadastrar|remover|me remover){end}",
    r"^podem? para$",
    r"^(?:escolho|minha e|quero a de|a) (?:sair|parar|stop|pare|descadastrar)$",
    r"(?:pedi|falei|disse|mandei|solicitei|avisei|respondi|digitei)(?: para| que| mil vezes"
    r"| \d+ vezes| varias vezes)* (?:me )?(?:sair|parar|parem|pararem|{out})(?= varias| mil| \d|{place}|{end})",
    r"(?:pedi|falei|disse) (?:para|que) (?:sair|par\w+)(?= e continu\w+)",
    r"(?:pedindo|solicitando|cansei de pedir)(?: \w+){0,3}? (?:para|que) (?:me )?(?:sair|par\w+"
    r"|{out})(?: {place}|{end})",
    r"(?:quero|vou) sai(?: {place})?{end}",
    r"(?:nao|nunca mais|jamais) (?:utiliz|us)\w+ (?:mais )?(?:{mine}|est?e contato)",
    r"(?:nao|nunca mais) (?:me )?{send}(?: mais)?(?: para)? {mine}",
    r"numero (?:(?:agora )?(?:nao )?(?:e|pertence|esta)(?: mais| agora| so)* (?:d[aeo]s?|ao?|meu|minha|para|engano"
    r"|outra|erad\w+|trocad\w+)|erad\w+|trocad\w+)(?: (?:[|]|\w+)){0,10} [|] (?:podem? )?"
    r"(?:{out} el[ae](?: {place}|(?= [|?]|$))|remover|excluir|retirar|tirar|apagar)(?= [|?]|$)",
    r"nao (?:\w+ ){0,3}receber (?:\w+ ){0,4}{noun} [|] (?:retir|remov|exclu)\w+(?= [|?]|$)",
    r"^(?:[|] )*(?:nao [|] )?par[ae]m? [|] (?:eu )?nao quero(?: mais)?(?= [|]|$)|^nao (?:[|] )+par[ae]m?(?: [|])*$",
    # Anger that is plain.
    r"(?:sai|sair|cai|saia|saiam|caia) fora",
    r"(?:me )?(?:deixa|deixe|deixem|deixar)(?: me| {mine})? em paz{end}",
    r"me deix(?:a|e|em) (?:quiet[oa]|sos?egad[oa])",
    r"me (?:esquece|esqueca|esquecam|erra|erre|errem){end}",
    r"(?<!nao )(?:me )?esque(?:ce|ca|cam|cer) (?:de mim|(?:de )?que (?:existo|tenho zap))",
    r"(?:me )?(?:tira|tire|tirem|tirar)(?: me)? (?:dessa|desta|disso|daqui|dai){end}",
    r"nao me (?:inclua|incluam|coloca|coloquem?|adiciona|adicionem?|inclui|bota|botem|poe"
    r"|ponham?)(?: mais)? {place}",
    r"me (?:deixa|deixe|deixem|bota|botem) (?:de |para )?fora(?: {place}| dessa|{end})",
    r"(?:me cancel(?:a|e|em)|(?:cancel|anul)(?:ar?|e|em) (?:{mine}|a? ?minha inscricao))(?: {place}|{end})",
    # From abroad.
    r"(?:stop|quit) (?:sending|texting|mes?aging|contacting|spam\w*|promotions|mes?ages|the mes?ages|mensagem"
    r"|it|this|that)(?: me)?(?: (?:mes?ages?|now|(?:to )?this number|this))*",
    r"(?:do not|dont|don t) (?:contact|mes?age|text|send|write)(?: me)?(?: (?:any|more|again|mes?ages?|anymore"
    r"|(?:to )?this number))*",
    r"i (?:do not|dont) want (?:to )?(?:receive )?(?:these|this|any|your)?(?: ?more)? ?mes?ages(?: anymore)?",
    r"(?:remove|take|delete) (?:me|my number|my contact)(?: (?:of|from)(?: (?:this|the|your))? list|{end})",
    r"leave me alone|(?:i want )?(?:to )?unsubscribe me(?: from(?: this| the| your)? list)?",
    r"no more (?:mes?ages|texts)|i want (?:to )?unsubscribe|opt me out",
    r"unsubscribe (?:me )?from(?: (?:this|the|your))? list",
    r"(?:ya )?no (?:quiero|deseo)(?: recibir)?(?: mas)? (?:mas )?(?:mensagem|publicidad)",
    r"no me (?:escrib|mand|envi)\w+(?: mas)?(?: (?:nada|mensagem))*",
    r"deje?n? de (?:enviar|mandar|escribir)\w*(?: mensagem)?",
    r"deja de (?:enviar|mandar|escribir)\w*(?: mensagem)?|quiero salir(?: de(?: la)? lista)?(?: mensagem)?",
    r"(?:borr|elimin|sac|quit)\w*me de(?: lista)?|(?:darme|dame) de baja|dar de baja{end}",
    r"(?:elimin|borr|quit)\w+ m[ei] numero(?: de lista)?",
)
"""Plain wherever it stands, as long as the rest of the message doesn't take it back or speak of something else."""

DOUBT: Final = (
    # The opposite.
    r"(?<!se )(?:nao|nunca|jamais) (?:me |nos |se |quero |queria |posso |podem? |precisam? |vou |vai |e para "
    r"|que |mais )*(?:sair|sai|saia|{out}|parar|pare|parem|cancel\w+|deixar de|deixem de|deixe de)\b",
    r"nao parem? de\b|sair com\b|vamos parar",
    r"para (?:a |o )?(?:minha|meu) (?:mae|pai|irma|irmao|chefe|patrao|esposa|marido|filh[oa]|familia|trabalho"
    r"|client\w+)",
    r"me esquec\w+ nao|nao (?:quero|queria) ser (?:mais )?(?:remov|exclu|retir|descadastr)\w+|agora nao\b",
    r"nao (?:me |quero |mande?m? |envi\w+ )(?:\w+ ){0,4}agora\b|ou melhor|quase|ainda bem|pobre|falir",
    r"usem? o\b|coisa boa|lista negra|do meu ex\b|por hoje|sair nao\b|sair [?] nao\b|delicia|maravilh\w+",
    r"(?<!cadastrou )(?<!cadastraram )sem querer|(?:nao )?quer que receber",
    # For a while, or perhaps.
    r"por (?:um(?! (?:momento|periodo|luto|problema))|uns|umas?|enquanto|\d+|alguns|algumas|\w+ (?:dias|semanas"
    r"|meses))\b|temporariamente",
    r"momentaneamente|^(?:[|?] )*(?:ja |eu )*vou (?:te )?bloque\w+[^|?]*$",
    r"(?:pensando|pensei|penso|vontade|pensar|querendo) (?:em|de|se)\b",
    r"(?:numero|contato|telefone) (?:antigo|velho|anterior)|(?:pedir|peco) para parar [?]?$",
    # Closing an account, which may not be about messages.
    r"^(?:[|?] )*(?:quero )?cancel\w+ (?:o )?meu cadastro(?: [|?])*$",
    r"^(?:[|] )*{word} {place} [?] (?:nao|nunca|jamais|nem)\b",
    r"(?:^|[|] )(?:volt\w*|mand\w+|envi\w+|pas\w+) para (?:mim|nos) (?:as?|os?|ess\w+|{noun})\b",
    # Asking what it would do, or telling what somebody else did.
    r"^(?:{word})(?: {word})* [?]|sai d\w+ (?:lista|grupo) [?]|me tira desa vida|devedores|tentac\w+",
    r"gastando|meu cartao",
    r"(?:minha|meu) (?:mae|pai|esposa|marido|filh[oa]|namorad[oa]) (?:pediu|mandou|disse)",
    r"(?:numero|contato) del[ae]",
)
"""Takes a wish back, puts it off, or only speaks of it, wherever it stands."""

QUALIFIED: Final = (
    r"# (?:de|do|da|dos|das|na|no|nas|nos|com|sobre|quando|em|se)(?! (?:{noun}|(?:meu|minha) (?:numero|zap"
    r"|celular|telefone|contato|nome|cadastro|vida|agenda|pe|email)\b"
    r"|numero|celular|zap"
    r"|telefone|esse|este|essa|moral|boa|humildade|lista|listas|clientes?|contatos|transmissao|envios?|vendas?"
    r"|de|lei|jeito|novo|nada|vez|acordo|dados|base|interesse|empresa)\b)",
    r"# para (?:o|a|os|as|minha|meus?|ess[ae]s?|est[ae]s?|aquel[ae]s?) (?!(?:meu )?(?:numero|zap|celular|contato"
    r"|telefone)\b)\w+|# (?:todo|toda"
    r"|antes(?! que)|depois|ate|sem)\b(?! interesse)|# que (?:comprei|paguei|fiz|encomendei)",
)
"""What follows a plain wish and narrows it: messages of one kind, at one hour, from one shop."""

REASONS: Final = (
    # What they threaten with, on what condition, in either order.
    r"{unless}(?: [|])? {threat}{more}{0,5}",
    r"(?:ou |senao |se nao |e )?{threat}{more}{0,5}(?: {unless})?",
    r"(?:vou|irei) (?:no|ao|na|a) (?:procon|justica|policia|juizado|delegacia){more}{0,3}(?: {unless})?",
    r"(?<=# )(?:para|a|por) (?:mim|nos|ca|est?e numero|meu (?:numero|zap|celular|contato))",
    r"(?:nao|nem) (?:tenho|temos) (?:mais )?interesse (?:em|n[oa]s?) (?:seus? |suas? )?(?:produtos?|oferta|servicos?"
    r"|compr\w+|loja|marca)",
    r"nao quero (?:mais )?(?:nenhum\w* )?(?:falar|conversar?|papo|golpe|problema|confusao|briga)(?: (?:com|de|e"
    r"|nem)(?: (?:robo|maquina|isso"
    r"|ninguem|golpe|problema|confusao|briga|papo)))*",
    r"(?:e |uso |so |somente |apenas )*para (?:trabalho|emergencias?|uso (?:pesoal|profisional)|minha familia)",
    r"(?:ja )?(?:reportei|denunciei|bloqueei|bloquei|reclamei|registrei){more}{0,5}",
    # Who they are, and where.
    r"(?:aqui (?:e|fala)|e aqui|meu nome e|me chamo|quem fala e|e)(?: (?:a|o|dona|seu))+{more}{0,3}",
    r"(?:sou|somos|estou|to|tava|estava|ando|moro|trabalho|durmo|acordo|vivo|tenho|uso){more}{1,7}",
    # Anger in the form of a question, or of a count.
    r"(?:nao|quem|porque|para que|ate quando|quantas vezes|o que|que (?:parte|empresa|loja|palhacada|e isso)|qual o"
    r"|qual seu|sera|sabem?|ta|esta|entend\w+|e golpe|ok|posivel|pode ser|combinado|isso e)(?! tem (?!vergonha|o que"
    r"|mais|respeito|educacao|vida|mae|coracao|noc)| entreg| vend| aten| abr| fic){more}{0,8} [?]",
    r"(?<=[|] )(?:e |sao |ta |tem |recebo )*(?:muita|muitas|tanta|tantas|mensagem)(?: {noun})?(?: (?:demais|por dia"
    r"|por semana|todo dia|o dia todo|toda hora))*(?=$| [|])",
    r"(?:sao|e|era|eram) \d+(?: h| hs| horas)? (?:da|de) (?:manha|noite|madrugada|tarde)",
    r"(?:(?:ja )?(?:e|sao) )?(?:so )?(?:a |mais de )?\w+(?: mensagem| vez| vezes) (?:so )?(?:de )?(?:hoje|semana|dia)",
    r"(?:ja |me |so )*(?:mandaram|mandam|acordei|acordaram|recebi|recebo|sofri|perdi|cheg[ao]\w*){more}{1,8}",
    # Asking how, beside a wish that asks for it outright.
    r"como (?:e )?(?:que )?(?:faco|paro|faz|fazer|procedo|proceder|posso|consigo|devo fazer|sai|saio|cancela"
    r"|funciona)(?: para| a| disso| daqui| isso)*(?: #)?(?: [?])?",
    r"(?:quando|asim que) (?:der|puder\w*|posivel)|se nao for (?:pedir muito|incomodo|abuso)"
    r"|se nao se importar\w*",
    r"(?:so|apenas) (?:quero|queria|peco|preciso de)(?: um pouco)?(?: de)? (?:paz|sosego|silencio|descans\w+)"
    r"|so (?:incomoda|enche|atrapalha|perturba|me irrita){more}{0,3}",
    r"acho(?: que)?(?: isso)?(?: um| uma| muito| e| bem)* (?:absurdo|chato|abuso|falta|invasao|errado|ruim"
    r"|desagradavel){more}{0,4}",
    r"(?:e|to falando|estou falando|falo|falando) serio|cade o respeito|nao vou (?:pagar|comprar|ficar){more}{0,4}",
    r"denunciando(?: como)?(?: spam)?|(?:comprei|fui) (?:cliente )?(?:so )?uma vez(?: so)?",
    r"cadastr\w+ (?:sem querer|por engano|erado)",
    r"cadastraram {mine}(?: erado| por engano| sem querer)?",
    r"antes que (?:te |os )?(?:proces|denunci|bloque|reclam)\w+{more}{0,3}|nao quero (?:mais )?ser cliente",
    r"^se (?:for )?posivel(?: [|])?",
    r"sera que(?= (?:da|pode|podem|voces|tem|consegue|#))|da para entender(?: [?])?",
    r"(?:pode ser|posivel|combinado) [?]$",
    r"(?:(?:esse|este|meu) )?(?:numero|zap|telefone|celular|contato) (?:nao )?e(?: so| somente)?{more}{0,6}",
    r"va[io]? (?:se|te) (?:fer|fud|fod|lasc|cat|dan)[ae]r?",
    r"(?:vai|vao|va) (?:tomar|encher|perturbar|trabalhar){more}{0,3}",
    r"(?:se (?:voces )?(?:continu|insist)\w* )?(?:vou|irei) (?:na|no|ao|a|acionar|procurar|reclamar|reportar"
    r"|abrir|fazer|registrar|entrar na){more}{0,6}",
    r"(?:se nao (?:par\w+ )?|ou )(?:vou |irei )?(?:reportar|reclamar){more}{0,4}",
    r"nao tem? (?:minha |a minha |nenhuma )?(?:autorizacao|permisao|direito)(?: (?:para|de"
    r"|nenhuma?))*{more}{0,4}",
    r"(?:como|conforme) (?:eu )?(?:pedi|pedido|falei|disse|solicitei|solicitad[oa]|avisei|combinado){more}{0,2}",
    r"(?:nao|nem|nunca) me (?:inscrevi|cadastrei|registrei){more}{0,4}"
    r"|como (?:que )?vim parar{more}{0,4}(?: [?])?",
    r"(?:abencoe|fiquem? com|com|tudo de(?: bom)?|parabens{more}{0,3}|perdao|sinto muito|nao e nada pesoal"
    r"|um prazer)(?: [|])?(?= mas| porem)",
    r"nao quero (?:mais )?saber(?! (?:se|quando|qual|quanto))",
    r"(?:(?:muito )?(?:obrigad[oa]|agradeco|grat[oa]) )?(?:pel[oa]|o|a) (?:contato|atencao|mensagem|oferta"
    r"|convite|retorno)",
    r"nada contra{more}{0,3}|^(?:nada|gratidao)(?= [|]| mas)|^trabalho(?= [|]| mas)",
    r"(?:(?:boa )?sorte|suceso|bom trabalho|boas vendas){more}{0,4}|com (?:todo )?(?:o )?respeito",
    r"nao (?:leve|levem|me leve) a mal|sei que (?:e|so|estao){more}{0,5}|na (?:moral|boa|humildade)",
    r"(?:mas |e )?(?:voces )?(?:ainda )?continu\w+(?: (?:me )?{send})?(?: {noun})?",
    r"(?:vou |irei )?(?:te |os )?(?:bloque|denunci|proces)\w+{more}{0,2} se (?:nao )?(?:continu|insist|par|mand"
    r"|envi)\w*(?: (?:me )?{send})?(?: {noun})?",
    r"(?:com base )?(?:n?a )?(?:lgpd|lei geral de protecao(?: de dados)?|lei de protecao(?: de dados)?)",
    r"se (?:me )?{send}(?: mais)?(?: uma| outra| mensagem| de novo| novamente)* (?:vou )?(?:denunci\w+"
    r"|bloque\w+|proces\w+)",
    r"(?:varias|mil|muitas|\d+) vezes|e (?:so )?domingo|voces me acordaram",
    r"(?:nao|nem) (?:tenho|temos|ha|estou com|tive)(?: mais| nenhum)? interesse{more}{0,3}",
    r"(?:nao|nem) (?:me interessa\w*|estou interessad[oa]|to interessad[oa]|interessad[oa]|interessa)(?: mais)?",
    r"(?:nao gostei|nao gosto|odeio|odiei|detesto|nao curto|(?:nao curto|nao gosto de) receber){more}{0,4}",
    r"(?:nao|nem) (?:cansam?|entendem?|entendeu|entenderam|sabem? ler|tem o que fazer|leem?"
    r"|percebem?)(?: nao)?(?: [?])?",
    r"ate quando(?: [?])?|quantas vezes{more}{0,6}(?: [?])?|ja deu|(?:ja )?encheu(?: o)?|deu ne",
    r"(?:e dificil|deu para|ta dificil de) entender(?: [?])?|entendeu(?: [?])?",
    r"(?:ta|esta|fui) clar[oa](?: [?])?",
    r"(?:posso|gostaria de|queria|quero) saber (?:quem|como|onde|de onde|porque){more}{0,6}(?: [?])?",
    r"sem (?:o )?interesse|(?:perdi|acabou) o interesse",
    r"(?:nao|nem|nunca) (?:sei|conheco|conheci|faco ideia|lembro){more}{0,6}",
    r"(?:nao|nem|nunca|jamais) (?:eu )?(?:comprei|pedi|autorizei|solicitei|me cadastrei|cadastrei|dei|fui|fiz|passei"
    r"|assinei|contratei|participei|permiti|deixei){more}{0,6}",
    r"(?:(?:como|ja que|visto que|uma vez que|porque) )?(?:nao|nem) (?:sou|somos|moro|uso|trabalho|vou|compro|tenho)"
    r"(?: mais)?{more}{0,5}",
    r"(?:e |esse |este |o )*(?:numero|telefone) (?:esta |e )?(?:errado|trocado|engano|da empresa|de trabalho"
    r"|novo|da minha \w+|do meu \w+)",
    r"foi engano|e engano|pessoa errada",
    r"ja (?:comprei|resolvi|encontrei|tenho|fechei|contratei|mudei|sou atendid[oa]|nao moro){more}{0,5}",
    r"(?:ja |como )?(?:falei|pedi|disse|avisei|solicitei|respondi)(?: (?:ontem|antes|semana passada))",
    r"(?:ja |como )?(?:falei|pedi|disse|avisei|solicitei|respondi|mandei|cansei de pedir|e a)(?: isso| que"
    r"| para)?(?: (?:mil|varias|\d+|tantas|muitas|tres|duas|quatro|cinco|dez|um monte de|a|segunda|terceira"
    r"|quarta|milesima) (?:vez|vezes))",
    r"(?:pela |e a |e pela )?(?:ultima|milesima|segunda|terceira|quarta|decima|enesima) vez(?: que \w+)?",
    r"(?:se nao(?: par\w+)?|senao|ou|se continuar|se insistir|caso contrario|vou|irei)(?: eu)?(?: vou"
    r"| irei)?(?: te| os| ter que)? (?:bloque\w+|denunci\w+|process\w+|procurar o procon|acionar o procon"
    r"|registrar \w+|reclamar){more}{0,6}",
    r"se (?:me )?(?:mandar\w*|enviar\w*)(?: mais)?(?: uma| outra| mensagem)* (?:vou )?(?:denunci\w+|bloque\w+)",
    r"(?:isso|isto) (?:ja )?(?:e|virou|ta|esta)(?: um| uma)?(?: muito)? (?:absurdo|abuso|spam|crime|falta"
    r"|invasao|chato|perseguicao|assedio|insuportavel|demais|enchendo|irritando|ridiculo|palhacada){more}{0,4}",
    r"(?:que )?(?:saco|inferno|chatice|absurdo|palhacada|chatos?|falta de respeito|vergonha|perturbacao"
    r"|encheção)",
    r"(?:toda|todo|tda) (?:santo )?(?:hora|dia|semana){more}{0,4}|o dia (?:todo|inteiro){more}{0,3}",
    r"(?:quem|como|onde|aonde|de onde|da onde|porque)(?: (?:foi|que|e|voces|deu|passou|conseguiram|conseguiu"
    r"|acharam|arrumaram|pegaram|tem|tiraram|pegou|arrumou|achou|me|lhe|autorizou|o|a))* (?:o )?(?:meu|esse"
    r"|este) (?:numero|contato|telefone|zap|celular)(?: [?])?",
    r"nao (?:aguento|suporto|aguentamos)(?: mais)?(?: (?:isso|tanta mensagem|receber (?:isso|mensagem)"
    r"|essas mensagem))?",
    r"(?:to|estou|fiquei|ja) (?:de saco cheio|cansad[oa]|irritad[oa]){more}{0,4}|de saco cheio|cansei(?: disso)?",
    r"(?:conforme|segundo|pela|de acordo com|com base|nos termos|amparad[oa])(?: n?a)? (?:lei|lgpd){more}{0,5}",
    r"(?:muito )?chega|basta|me respeit\w+|tenha\w* (?:do|respeito|santa paciencia)|pelo amor(?: de)?",
    r"de uma vez|de novo",
    r"(?:nao|nem) (?:quero|preciso|vou querer)(?: mais)?(?: nada)?(?=$| [|?])",
    r"(?:pela |a )?(?:sua |tua )?(?:atencao|compreensao)",
    r"(?:minha|meu) (?:mae|pai|esposa|marido|filh[oa]|avo|irma|irmao)(?: (?:morreu|faleceu|nao mora)){more}{0,4}",
    r"(?:sou|estou) (?:menor|doente|de luto|aposentad[oa]|desempregad[oa]){more}{0,3}",
)
"""What people say beside it that changes nothing: why, how often they asked, what they will do otherwise."""

LOOSE: Final = (
    r"\b(?:descadastr\w+|unsubscribe|perturb\w+|incomod\w+|spam|lgpd|procon|bloque\w+|denunci\w+|desinscrev\w+)",
    r"\b(?:para|pare|parem|parar|chega|deixa|deixem|evitem|evite)(?: de| com)(?: me| ficar| essas?| tantas?"
    r"| muitas?)* (?:{send}|mandando|enviando|receber|mensagem|{noun})",
    r"\bnao (?:me |quero )?(?:mais )?(?:que )?(?:me )?(?:{send}|receber)\b",
    r"\bnao quero (?:mais )?(?:mensagem|{noun}|contato|nada de)|\bnao quero mais(?: isso| nada)?(?:$| [|?])",
    r"\b(?:tira|tirar|tire|tirem|retirar?|retirem|remov\w+|exclu\w+|apag\w+|delet\w+)(?: me)?(?: o)? (?:meu|me"
    r"|da lista|do grupo|daqui)",
    r"\bme (?:tira|remov\w+|exclu\w+|apag\w+)\w*(?:$| [|?])",
    r"\b(?:muita|muitas|tanta|tantas|demais|menos) (?:de )?(?:mensagem|{noun})|\bmensagem demais",
    r"\b(?:mandam|manda) muita",
    r"\b(?:dessas|essas|suas|tuas) mensagem\b|\bpedir para parar|\bsaio d[oae]|\bo resto nao\b",
    r"\b(?:sair|parar|cancel\w+|remover|saio|saida) .*\b(?:lista|grupo|mensagem|{noun}|receber|zap)",
    r"\b(?:lista|grupo|mensagem|{noun}) .*\b(?:sair|parar|cancelar|remover|stop)\b",
    r"\bmanda\w* mensagem quando|\bnao precisa mandar|\b(?:recebendo|receber) mensagem",
    r"\bnao param de mandar|\bquero parar mas",
    r"\b(?:quanta|quantas|mais uma) mensagem|toda hora (?:isso|mensagem)|de novo isso|pausa nas? mensagem"
    r"|(?:par\w+|cheg\w+) (?:de|com) (?:ligar|isso)|nao pedi (?:para |por )?(?:receber|mensagem|isso)"
    r"|nao me ligu\w+ mais|sair ou nao sair|uma vez por semana|so (?:mand\w+|envi\w+) mensagem",
    r"\bnao aguento mais|\bme esquec\w+|\bem paz|\bchega$|\bbasta$|\bvaza\b|\bsome daqui",
)
"""Leaving may be meant: for a person to judge."""
