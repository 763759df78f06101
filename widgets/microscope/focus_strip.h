// SPDX-License-Identifier: GPL-3.0-or-later
// The text that is read, and in it what was said: arrow keys go to the token before and after, a click to
// any. A token strip that has one place instead of a cursor beside it. GUI thread only.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/attention/heat_image.h"
#include "widgets/attention/summarized_view.h"

#include <QWidget>

namespace orrery::ui {

class TokenStrip;

class FocusStrip : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit FocusStrip(QWidget *parent = nullptr);
    void setTokens(const std::vector<InspectedToken> &tokens);
    /// @param token that looks; what was said is the one behind it
    void setToken(int64_t token);
    [[nodiscard]] int64_t token() const { return m_token; }
    /// @param weights one a token, or none: no tint
    void setTint(std::vector<float> weights, const HeatScale &scale);
    [[nodiscard]] TokenStrip *strip() const { return m_strip; }
    /// In words, also where a part of a picture stands for it: "token 3: “fox”", "patch 3 of image 0, row 0, column 3".
    [[nodiscard]] QString nameOf(int64_t token) const;
    [[nodiscard]] QString summary() const override;

Q_SIGNALS:
    void moved(qint64 token); ///< to the token that looks

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void refresh();
    void moveTo(int64_t token);
    [[nodiscard]] TokenRange marked() const;

    TokenStrip *m_strip;
    std::vector<InspectedToken> m_tokens;
    std::vector<float> m_weights;
    HeatScale m_scale;
    int64_t m_token = -1;
};

} // namespace orrery::ui
