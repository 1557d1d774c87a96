"""The kiosk: Qt Quick screens that draw what a pure view function says."""
