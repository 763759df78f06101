// SPDX-License-Identifier: GPL-3.0-or-later
// A library that is no window half of anything.
extern "C" int orrery_test_something_else() { return 7; }
