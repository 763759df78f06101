// SPDX-License-Identifier: GPL-3.0-or-later
// How tokens are drawn: temperature, top-k, top-p, seed, number of tokens. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/common/panel_frame.h"

class QCheckBox;
class QDoubleSpinBox;
class QLineEdit;
class QSpinBox;

namespace orrery::ui {

class SamplingForm : public PanelFrame {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget *parent = nullptr);
    [[nodiscard]] SamplingSettings settings() const;
    void setSettings(const SamplingSettings &settings);
    /// Another seed, drawn at random.
    void rollSeed();
    /// A person chooses each token instead.
    [[nodiscard]] bool isManual() const;
    void setManual(bool isManual);

Q_SIGNALS:
    void changed();
    void manualChanged(bool isManual);

private:
    QDoubleSpinBox *m_temperature, *m_topP;
    QSpinBox *m_topK, *m_maxTokens;
    QLineEdit *m_seed;
    QCheckBox *m_manual;
};

} // namespace orrery::ui
