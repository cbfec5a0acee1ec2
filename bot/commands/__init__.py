"""The commands of `deskbot`, a module for each family. Whatever is heavy is imported inside a command, never above it."""
