"""Pictures of the gallery: approved ones to compare with, and contact sheets for the documents.

make approve    accept what the pages look like now
make gallery    draw the contact sheets of README.md and docs/gallery.md anew
"""
