// SPDX-License-Identifier: GPL-3.0-or-later
// What the numbers in the window mean: a term, one sentence, what a good value is, and where more is written.
// The hovers of the read-out, the run panel, the microscope, the estimate and the form come from here, so
// that a word means the same everywhere. Texts are translated when they are asked for; GUI thread.
#pragma once

#include <QString>

#include <optional>
#include <vector>

namespace orrery::ui {

struct GlossaryEntry {
    QString term;  ///< name of a series ("grad_norm", "head/*/entropy"), a key ("optimizer.lr") or "run/…",
                   ///< "estimate/…", "token/…"
    QString title; ///< "Gradient norm"
    QString meaning; ///< what it is, with its unit
    QString good;    ///< what to expect and what should worry; empty: nothing in general
    QString page;    ///< "docs/inspect.md"; empty: none
};

/// All entries, in the order of the table. A star in a term stands for any part of a name.
std::vector<GlossaryEntry> glossary();
/// The entry of a term: an exact one, else the first with a star that fits ("head/2.1/entropy").
std::optional<GlossaryEntry> glossaryEntry(const QString &term);
/// Meaning, good value and page as the text of a hover; empty for a term that has no entry. Plain text in
/// short lines.
QString glossaryHover(const QString &term);
/// Only "Good: …", for a hover that says what the thing is already; empty where there is nothing to advise.
QString glossaryAdvice(const QString &term);

} // namespace orrery::ui
