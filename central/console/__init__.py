"""The medic's console: server-rendered pages with live updates."""
