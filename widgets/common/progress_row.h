// SPDX-License-Identifier: GPL-3.0-or-later
// Long work under way, in one line of its panel: what, how far, how long still, and Cancel. Short work never
// shows it, so that the content does not jump. GUI thread only.
#pragma once

#include <QTimer>
#include <QWidget>

#include <functional>

class QProgressBar;
class QPushButton;

namespace orrery::ui {

class ElidedLabel;
class ToneLabel;

class ProgressRow : public QWidget {
    Q_OBJECT
public:
    static constexpr int kDelayMs = 200; ///< work that ends earlier is not shown

    explicit ProgressRow(QWidget *parent = nullptr);
    /// After Cancel was pressed it says so until clear(), or until the fraction falls: that is other work.
    void setProgress(const QString &text, double fraction, std::function<void()> cancel);
    void clear();
    [[nodiscard]] bool isActive() const { return m_isActive; }
    [[nodiscard]] bool isCancelling() const { return m_isCancelling; }

private:
    void cancel();
    [[nodiscard]] QString timeLeft(double fraction) const;

    std::function<void()> m_cancel;
    QProgressBar *m_bar;
    ElidedLabel *m_text;
    ToneLabel *m_left;
    QPushButton *m_cancelButton;
    QTimer m_delay;
    double m_startedAt = 0; ///< wall time
    double m_fraction = -1;
    bool m_isActive = false, m_isCancelling = false;
};

} // namespace orrery::ui
