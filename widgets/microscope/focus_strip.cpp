// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/focus_strip.h"

#include "widgets/attention/exact_text.h"
#include "widgets/attention/token_groups.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/counted.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/theme/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Says what its owner says: what is outlined here is not what looks.
class SaidStrip : public TokenStrip {
public:
    explicit SaidStrip(FocusStrip *owner) : TokenStrip(owner), m_owner(owner) {}
    [[nodiscard]] QString summary() const override { return m_owner->summary(); }

protected:
    bool viewportEvent(QEvent *event) override
    {
        if (event->type() != QEvent::ToolTip) return TokenStrip::viewportEvent(event);
        const auto *help = static_cast<QHelpEvent *>(event);
        for (int i = 0; i < numTokens(); ++i)
            if (tokenRect(i).contains(help->pos())) {
                QToolTip::showText(help->globalPos(), plainToolTip(m_owner->nameOf(i)), this);
                return true;
            }
        return TokenStrip::viewportEvent(event); // what the text is for
    }

private:
    FocusStrip *m_owner;
};

} // namespace

FocusStrip::FocusStrip(QWidget *parent) : QWidget(parent), m_strip(new SaidStrip(this))
{
    setObjectName(u"focusStrip"_s);
    setAccessibleName(tr("Text, with what was said"));
    setToolTip(tr("Click a token to ask why it was said; Left and Right go to the one before and after."));
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_strip->setFocusPolicy(Qt::NoFocus); // one place, and keys move it
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(3, 3, 3, 3);
    layout->addWidget(m_strip);
    connect(m_strip, &TokenStrip::chosen, this, [this](int token) {
        // Nothing stands before the first one that could have said it.
        if (token > 0) moveTo(token - 1);
    });
}

void FocusStrip::setTokens(const std::vector<InspectedToken> &tokens)
{
    m_tokens = tokens;
    m_strip->setTokens(tokens);
    refresh();
}

void FocusStrip::setToken(int64_t token)
{
    m_token = token < 0 ? std::ssize(m_tokens) - 1 : std::min(token, kMaxTokenPlace);
    refresh();
}

void FocusStrip::setTint(std::vector<float> weights, const HeatScale &scale)
{
    m_weights = std::move(weights);
    m_scale = scale;
    refresh();
}

/// What was said; behind the last token nothing was.
TokenRange FocusStrip::marked() const
{
    if (m_token < 0 || m_token + 1 >= std::ssize(m_tokens)) return {-1, -1};
    return {m_token + 1, m_token + 2};
}

void FocusStrip::refresh()
{
    const TokenRange range = marked();
    m_strip->setWeights(m_weights.size() == m_tokens.size() ? m_weights : std::vector<float>(), m_scale,
                        range);
    const int64_t shown = range.begin >= 0 ? range.begin : std::ssize(m_tokens) - 1;
    const QRectF place = m_strip->tokenRect(int(shown));
    QScrollBar *bar = m_strip->verticalScrollBar();
    const int room = m_strip->viewport()->height();
    if (!place.isEmpty() && (place.top() < 0 || place.bottom() > room))
        bar->setValue((bar->value() + int(place.top()) - room / 3) / bar->singleStep() * bar->singleStep());
    update();
    announceSummary(this);
}

QString FocusStrip::summary() const
{
    const TokenRange range = marked();
    const QString count = counted(std::ssize(m_tokens), tr("1 token"), tr("%1 tokens"));
    if (m_tokens.empty()) return tr("No text");
    if (range.begin < 0) return tr("%1; behind the last one").arg(count);
    return tr("%1; said: %2").arg(count, rangeSentence(m_tokens, range));
}

QString FocusStrip::nameOf(int64_t token) const { return rangeSentence(m_tokens, {token, token + 1}); }

void FocusStrip::moveTo(int64_t token)
{
    token = std::clamp<int64_t>(token, 0, std::max<int64_t>(0, std::ssize(m_tokens) - 1));
    if (token != m_token && !m_tokens.empty()) Q_EMIT moved(token);
}

void FocusStrip::keyPressEvent(QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        return moveTo(m_token - 1);
    case Qt::Key_Right:
        return moveTo(m_token + 1);
    case Qt::Key_Home:
        return moveTo(0);
    case Qt::Key_End:
        return moveTo(std::ssize(m_tokens) - 1);
    default:
        QWidget::keyPressEvent(event);
    }
}

void FocusStrip::paintEvent(QPaintEvent *)
{
    if (!hasFocus()) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().tokens().accent, 1.2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.8, 0.8, -0.8, -0.8), 4, 4);
}

void FocusStrip::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    update();
}

void FocusStrip::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

void FocusStrip::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    refresh();
}

} // namespace orrery::ui
