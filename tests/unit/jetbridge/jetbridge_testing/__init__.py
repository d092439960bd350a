"""What the tests of Jetbridge's core stand on: samples, fakes and the template."""
