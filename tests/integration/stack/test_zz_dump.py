import json
def test_dump(deployed):
    json.dump(deployed.cloud.authorizations(), open("/tmp/w/iamx/verdicts.json","w"))
