// SPDX-License-Identifier: GPL-3.0-or-later
// What the filter box of the list of runs says, and whether a run is meant by it. Plain words are looked for
// in name, id, state, tags and directory; tokens name a property: tag:x, state:failed, alarm:spike,
// has:alarm, is:live, is:archived, is:any; numbers of the status are compared (val<1.5, step>=2000), and settings
// (lr:0.001, optimizer.lr>1e-3). Words and properties must all hold, of several states one; a minus in front means
// "not". Pure but for the settings that others read; GUI thread with these.
#pragma once

#include "widgets/runs/run_numbers.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace orrery::ui {

class RunSpecs;

/// What is known of a run, ready to be compared.
struct RunFacts {
    const RunStatus &status;
    const QString &text;     ///< name, id, state, tags and directory, case folded
    const QStringList &tags; ///< case folded
    /// Settings of runs; without them nobody asks for settings, and no term about one holds.
    const RunSpecs *specs = nullptr;
};

/// What plain words are looked for in, and the tags of a run; both case folded.
struct RunText {
    QString text; ///< name, id, state, reason, tags and directory
    QStringList tags;
};
RunText searchedText(const RunStatus &status);

class RunQuery {
public:
    enum class Kind : uint8_t { Word, Tag, State, Alarm, HasAlarm, HasTag, Live, Archived, Any, Number, Setting };
    struct Term {
        Kind kind = Kind::Word;
        bool isNot = false;
        QString text;   ///< as it stands in the box
        QString wanted; ///< case folded
        RunState state = RunState::Unknown;
        AlarmKind alarm = AlarmKind::Unknown;
        QString name;   ///< of a number, or key of a setting
        Comparison comparison = Comparison::Equal;
        double number = 0;
        bool isText = false; ///< of a setting
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
    /// Whether settings must be known for it.
    [[nodiscard]] bool wantsSettings() const;
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
