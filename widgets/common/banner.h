// SPDX-License-Identifier: GPL-3.0-or-later
// A message that stands in its panel until it is dealt with: what happened, why, what next, with Retry and
// Copy. It never takes the focus and never opens a window. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QWidget>

class QGridLayout;
class QHBoxLayout;
class QPushButton;
class QToolButton;

namespace orrery::ui {

class ToneLabel;

enum class BannerKind : uint8_t { Info, Warning, Error };

class Banner : public QWidget {
    Q_OBJECT
public:
    explicit Banner(QWidget *parent = nullptr);
    /// Shows message and, under it, the hint. An empty retryText hides the button.
    void showMessage(BannerKind kind, const QString &message, const QString &hint = {},
                     const QString &retryText = {});
    void showError(const Error &error, const QString &retryText = {});
    void clear();
    /// One more button, left of Copy; it stays, whatever is shown.
    QPushButton *addButton(const QString &text);
    [[nodiscard]] QString message() const { return m_message; }
    [[nodiscard]] BannerKind kind() const { return m_kind; }

Q_SIGNALS:
    void retryRequested();
    void dismissed();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QString m_message, m_hint;
    BannerKind m_kind = BannerKind::Error;
    QToolButton *m_icon, *m_copy, *m_close;
    ToneLabel *m_messageLabel, *m_hintLabel;
    QPushButton *m_retry;
    QGridLayout *m_layout;
    QHBoxLayout *m_buttons;
    bool m_isNarrow = false;
};

} // namespace orrery::ui
