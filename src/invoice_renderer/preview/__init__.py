"""The preview: a local page for people who work on a template.

choices   what the page asks for: a case of the gallery, and how it is to look
proof     one drawn invoice: the PDF, its pages, the same markup for a browser, its notices
studio    draws proofs, keeps the last ones, draws anew when a file changes
scene     everything that the page shows, as JSON
problems  an error as a file, a line and the lines around it
browser   the markup of the page, made readable in a browser
pictures  pages of a PDF as PNG
watch     the folders that a proof is made from
server    HTTP on 127.0.0.1, for this machine's browser alone
run       all of it, from start to end
site/     the page itself

Nothing of it is deployed: it needs pypdfium2 and watchfiles (the extra ``preview``).
"""
