// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the meta object of the interface. Qt 6 takes the values of its signals through queued connections and
// QSignalSpy without registration, because every signal names its types in full.
#include "widgets/session/engine_session.h"

#include "moc_engine_session.cpp"
