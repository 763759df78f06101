// SPDX-License-Identifier: GPL-3.0-or-later
// The docked read-out of the current token: which it is, its probability and entropy, and its alternatives as
// bars on a linear scale from 0 to 1. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/common/panel_frame.h"

#include <optional>

class QListView;

namespace orrery::ui {

class CandidateModel;
class KeyValueGrid;
class ToneLabel;

class CandidateView : public PanelFrame {
    Q_OBJECT
public:
    explicit CandidateView(QWidget *parent = nullptr);
    /// @param index of the token in the generation
    void showToken(int index, const std::optional<GeneratedToken> &token, bool isLocked);
    [[nodiscard]] CandidateModel *model() const { return m_model; }
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }

private:
    void copy();

    CandidateModel *m_model;
    QListView *m_view;
    KeyValueGrid *m_numbers;
    ToneLabel *m_hint;
};

} // namespace orrery::ui
