// SPDX-License-Identifier: GPL-3.0-or-later
// What a form held before something replaced it as a whole, to go back to it and forth again. Whoever types meanwhile loses
// nothing: going back keeps what stands there for going forth. Values; GUI thread only.
#pragma once

#include <QString>

#include <optional>
#include <vector>

namespace orrery::ui {

class DraftHistory {
public:
    static constexpr size_t kMaxSteps = 20;

    struct Step {
        QString draft; ///< of the form, before or after it
        QString what;  ///< what was done, a sentence
    };
    /// @param draft as it stood before   @param kind steps of one kind that follow each other, with nothing typed between
    /// them, are one; empty: never   @param after of the form, as it stands now
    void add(const QString &draft, const QString &what, const QString &kind, const QString &after);
    /// The one to go back to; `now` is kept for going forth.
    std::optional<Step> undo(const QString &now);
    std::optional<Step> redo(const QString &now);
    [[nodiscard]] bool canUndo() const { return !m_before.empty(); }
    [[nodiscard]] bool canRedo() const { return !m_after.empty(); }
    void clear();

private:
    std::vector<Step> m_before, m_after;
    QString m_kind, m_last; ///< of the newest step, and what it left
};

} // namespace orrery::ui
