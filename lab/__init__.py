"""The laptop's AWS: an emulator with corrections and a real PostgreSQL, both on loopback."""
