from jetbridge_cli.main import main

main()
