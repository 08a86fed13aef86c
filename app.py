"""The WSGI application, for any WSGI server: settings, wiring, routes."""

from bridge.web import create_app

app = create_app()
