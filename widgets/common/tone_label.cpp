// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/tone_label.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/theme/theme.h"

#include <QEvent>

#include <algorithm>
#include <functional>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Qt's style sheets give a label that is polished again the palette back that it had at first: of the theme
/// before, when that has changed since the label was made. It is polished when it is first shown.
class AtShow : public QObject {
public:
    AtShow(QWidget *watched, std::function<void()> then) : QObject(watched), m_then(std::move(then))
    {
        watched->installEventFilter(this);
    }
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() == QEvent::Show) m_then();
        return QObject::eventFilter(watched, event);
    }

private:
    std::function<void()> m_then;
};

} // namespace

QColor toneColor(Tone tone)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    switch (tone) {
    case Tone::Text:
        return tokens.text;
    case Tone::Secondary:
        return tokens.secondary;
    case Tone::Accent:
        return tokens.accent;
    case Tone::Good:
        return tokens.good;
    case Tone::Warning:
        return tokens.warning;
    case Tone::Error:
        return tokens.error;
    }
    return tokens.text;
}

QFont typeFont(TypeSize size)
{
    const Theme &theme = Theme::instance();
    switch (size) {
    case TypeSize::Base:
        return theme.baseFont();
    case TypeSize::Small:
        return theme.smallFont();
    case TypeSize::Heading:
        return theme.headingFont();
    case TypeSize::Mono:
        return theme.monoFont();
    }
    return theme.baseFont();
}

ToneLabel::ToneLabel(const QString &text, Tone tone, TypeSize size, QWidget *parent)
    : QLabel(text, parent), m_tone(tone), m_size(size)
{
    setTextFormat(Qt::PlainText); // names and messages come from outside
    applyTheme();
    connect(&Theme::instance(), &Theme::changed, this, &ToneLabel::applyTheme);
    new AtShow(this, [this] { applyTheme(); });
}

void ToneLabel::setTone(Tone tone)
{
    if (m_tone == tone) return;
    m_tone = tone;
    applyTheme();
}

void ToneLabel::setTypeSize(TypeSize size)
{
    if (m_size == size) return;
    m_size = size;
    applyTheme();
}

void ToneLabel::applyTheme()
{
    QPalette palette = this->palette();
    palette.setColor(QPalette::WindowText, toneColor(m_tone));
    setPalette(palette);
    setFont(typeFont(m_size));
}

ElidedLabel::ElidedLabel(const QString &text, Tone tone, TypeSize size, QWidget *parent)
    : ToneLabel(QString(), tone, size, parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setFullText(text);
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode)
{
    m_mode = mode;
    elide();
}

void ElidedLabel::setFullText(const QString &text)
{
    if (m_fullText == text) return;
    m_fullText = text;
    setAccessibleName(text);
    elide();
    updateGeometry();
}

QSize ElidedLabel::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(m_fullText) + 2, QLabel::sizeHint().height()};
}

QSize ElidedLabel::minimumSizeHint() const
{
    const int width = std::min(sizeHint().width(), fontMetrics().horizontalAdvance(u"nnnn…"_s));
    return {width, QLabel::minimumSizeHint().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent *event)
{
    ToneLabel::resizeEvent(event);
    elide();
}

void ElidedLabel::changeEvent(QEvent *event)
{
    ToneLabel::changeEvent(event);
    if (event->type() == QEvent::FontChange) elide();
}

void ElidedLabel::elide()
{
    if (m_isEliding) return; // setText() may resize
    m_isEliding = true;
    QString oneLine = m_fullText;
    oneLine.replace(u'\n', u' ');
    const QString shown = fontMetrics().elidedText(oneLine, m_mode, std::max(0, width()));
    if (QLabel::text() != shown) QLabel::setText(shown);
    // What explains the text stays, whether it fits or not.
    const QString meaning = property("meaning").toString();
    const QString whole = shown == m_fullText ? QString() : plainToolTip(m_fullText);
    setToolTip(whole.isEmpty() || meaning.isEmpty() ? whole + meaning
                                                    : plainToolTip(m_fullText + u'\n' + meaning));
    m_isEliding = false;
}

} // namespace orrery::ui
