from jetbridge_cli.main import app

app()
