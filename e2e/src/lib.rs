//! Whole-system tests: the built programs, driven from outside with real clients. The tests are in `tests/it`.
