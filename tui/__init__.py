"""The Drydock dashboard: a Textual application that talks to the server over HTTP only.

Data flows one way. `client` is the only module that knows URLs; `poller` asks it and writes what
it learns into `known`; a message tells the screens, and each widget shows what is known. Every
text that comes from outside passes `clean` as it is parsed (`shapes`), so no widget can show a
control sequence, and every widget shows text with markup off.
"""
