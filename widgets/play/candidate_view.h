// SPDX-License-Identifier: GPL-3.0-or-later
// The docked read-out of the current token: which it is, its probability and entropy, and its alternatives as
// bars on a linear scale from 0 to 1, with and without what sampling settings do to them. A candidate can be
// chosen: the answer goes on with it. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/common/panel_frame.h"

#include <optional>

class QListView;

namespace orrery::ui {

class CandidateHeader;
class CandidateModel;
class KeyValueGrid;
class ToneLabel;

class CandidateView : public PanelFrame {
    Q_OBJECT
public:
    explicit CandidateView(QWidget *parent = nullptr);
    /// @param index of the token in the generation
    void showToken(int index, const std::optional<GeneratedToken> &token, bool isLocked);
    /// What is likely at a place where nothing stands yet; nothing while the model is asked.
    void showProposal(int index, const std::optional<GeneratedToken> &proposal);
    [[nodiscard]] bool isProposal() const { return m_isProposal; }
    /// Whether candidates can be chosen at all: false while there is no engine.
    void setBranchable(bool isBranchable);
    void focusList();
    [[nodiscard]] QListView *list() const { return m_view; }
    /// Opens the shown token in the other panels.
    [[nodiscard]] QToolButton *lookInsideButton() const { return m_lookInside; }
    [[nodiscard]] CandidateModel *model() const { return m_model; }
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }

Q_SIGNALS:
    /// @param isTaken it stands there already: the answer goes on behind it
    void chosen(const orrery::TokenAlternative &candidate, bool isTaken);
    void takeBackRequested(); ///< of a proposal, as the next one
    void goOnRequested();
    void lookInsideRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void showNumbers(const std::optional<GeneratedToken> &token, bool isProposal);
    void showHint();
    void fitHint(); ///< away, where the list would have too little room
    void choose(const QModelIndex &index);
    bool proposalKey(int key, Qt::KeyboardModifiers modifiers);
    void copy();

    CandidateModel *m_model;
    QListView *m_view;
    KeyValueGrid *m_numbers;
    CandidateHeader *m_header;
    ToneLabel *m_hint;
    QToolButton *m_lookInside;
    bool m_isProposal = false, m_isLocked = false, m_isBranchable = true, m_hasToken = false;
};

} // namespace orrery::ui
