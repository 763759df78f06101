// SPDX-License-Identifier: GPL-3.0-or-later
// What the filter box of the list of runs says, and whether a run is meant by it. Plain words are looked for
// in name, id, state, tags and directory; tokens name a property: tag:x, state:failed, alarm:spike,
// has:alarm, is:live, is:archived, is:any. Words and properties must all hold, of several states one; a minus
// in front means "not". Pure; any thread.
#pragma once

#include "core/spec/run_records.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace orrery::ui {

/// What is known of a run, ready to be compared.
struct RunFacts {
    const RunStatus &status;
    const QString &text;     ///< name, id, state, tags and directory, case folded
    const QStringList &tags; ///< case folded
};

class RunQuery {
public:
    enum class Kind : uint8_t { Word, Tag, State, Alarm, HasAlarm, HasTag, Live, Archived, Any };
    struct Term {
        Kind kind = Kind::Word;
        bool isNot = false;
        QString text;   ///< as it stands in the box
        QString wanted; ///< case folded
        RunState state = RunState::Unknown;
        AlarmKind alarm = AlarmKind::Unknown;
    };

    /// Never fails: what cannot be understood is left out, and stands in problem().
    static RunQuery parse(const QString &text);

    [[nodiscard]] bool matches(const RunFacts &run) const;
    /// Of one term alone, for "hides how many". Archived runs are hidden by none of them.
    [[nodiscard]] static bool holds(const Term &term, const RunFacts &run);
    [[nodiscard]] const std::vector<Term> &terms() const { return m_terms; }
    [[nodiscard]] bool isEmpty() const { return m_terms.empty(); }
    /// Whether it asks for archived runs, which are hidden else.
    [[nodiscard]] bool wantsArchived() const { return m_wantsArchived; }
    /// A sentence: value, what was expected; empty: everything was understood.
    [[nodiscard]] QString problem() const { return m_problem; }

    /// The texts between spaces; quotes hold a value with spaces together.
    static QStringList split(const QString &text);
    /// With a token more, or without it where it stands there already. Of what excludes each other
    /// (is:archived, is:any) the newest stays.
    static QString toggled(const QString &text, const QString &token);
    static bool contains(const QString &text, const QString &token);
    static QString tagToken(const QString &tag); ///< tag:x, tag:"two words"
    static QString stateToken(RunState state);
    static QString alarmToken(AlarmKind kind);
    /// All that may stand behind what was typed of a word so far. @param tags in use
    static QStringList completions(const QString &word, const QStringList &tags);

private:
    std::vector<Term> m_terms;
    bool m_wantsArchived = false;
    QString m_problem;
};

} // namespace orrery::ui
