// SPDX-License-Identifier: GPL-3.0-or-later
// The line above the form of a run that begins with the weights of a model: which one, and the way back to random weights.
// Takes no room without one. GUI thread only.
#pragma once

#include <QWidget>

class QToolButton;

namespace orrery::ui {

class ElidedLabel;

class ModelStart : public QWidget {
    Q_OBJECT
public:
    explicit ModelStart(QWidget *parent = nullptr);
    /// @param model RUN@step or a model directory of the engine's computer; empty: random weights
    void setModel(const QString &model);
    [[nodiscard]] const QString &model() const { return m_model; }

Q_SIGNALS:
    void changed();

private:
    QString m_model;
    ElidedLabel *m_label;
    QToolButton *m_drop;
};

} // namespace orrery::ui
