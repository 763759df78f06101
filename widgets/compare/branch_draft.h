// SPDX-License-Identifier: GPL-3.0-or-later
// What a branch would be: the settings that it sets over its parent's, what is wrong with them, and the request and the command
// that make it. Pure; any thread.
#pragma once

#include "core/spec/branch_rules.h"
#include "widgets/compare/run_settings.h"

#include <QMap>

namespace orrery::ui {

struct BranchChange {
    QString key, label;
    QString before, after; ///< as parseFieldValue() reads them
};

class BranchDraft {
public:
    BranchDraft() = default;
    /// @param totalSteps where the parent trains to now; 0: as its spec says
    BranchDraft(QString run, RunSettings::Ptr parent, qint64 totalSteps);

    [[nodiscard]] bool isReady() const { return m_parent != nullptr; } ///< the parent's settings are there
    [[nodiscard]] const RunSettings &parent() const { return *m_parent; }
    [[nodiscard]] const QString &run() const { return m_run; }
    /// Why a setting stays as it is; nothing: it may change.
    [[nodiscard]] std::optional<BranchRule> ruleOf(const QString &key) const;
    /// What holds when nothing is set.
    [[nodiscard]] QString parentText(const QString &key) const;

    void setStep(qint64 step) { m_step = step; }
    [[nodiscard]] qint64 step() const { return m_step; } ///< −1: none is chosen
    void setName(const QString &name) { m_name = name.trimmed(); }
    /// As typed; what cannot be read becomes a problem.
    void set(const QString &key, const QString &text);
    void reset(const QString &key) { m_given.remove(key); }
    [[nodiscard]] const QMap<QString, QString> &given() const { return m_given; }

    [[nodiscard]] QList<BranchChange> changes() const; ///< that can be read, in the table's order
    /// Key to message; "" for the step.
    [[nodiscard]] QMap<QString, QString> problems() const;
    /// Of EngineSession::branchRun().
    [[nodiscard]] QString changesJson() const;
    /// `orrery-engine branch …`; empty while a step is missing.
    [[nodiscard]] QString command(bool start) const;
    [[nodiscard]] QString proposedName() const;

private:
    [[nodiscard]] SpecBuilder builder(QMap<QString, QString> *unreadable) const;

    QString m_run, m_name;
    RunSettings::Ptr m_parent;
    qint64 m_totalSteps = 0, m_step = -1;
    QMap<QString, QString> m_given;
};

} // namespace orrery::ui
