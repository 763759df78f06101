// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/wrapped_label.h"

#include <QResizeEvent>

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kLeastWidth = 80;

} // namespace

WrappedLabel::WrappedLabel(Tone tone, TypeSize size, QWidget *parent)
    : ToneLabel(QString(), tone, size, parent)
{
    setWordWrap(true);
    setMinimumWidth(kLeastWidth);
}

void WrappedLabel::setSentence(const QString &sentence)
{
    if (text() == sentence) return;
    setText(sentence);
    setAccessibleName(sentence);
    fit();
}

QSize WrappedLabel::sizeHint() const
{
    return {std::max(kLeastWidth, fontMetrics().horizontalAdvance(text()) + 2),
            heightForWidth(std::max(width(), kLeastWidth))};
}

void WrappedLabel::fit() { setMinimumHeight(std::max(minimumHeight(), heightForWidth(width()))); }

void WrappedLabel::resizeEvent(QResizeEvent *event)
{
    ToneLabel::resizeEvent(event);
    if (event->size().width() == event->oldSize().width()) return;
    setMinimumHeight(0);
    fit();
}

void WrappedLabel::changeEvent(QEvent *event)
{
    ToneLabel::changeEvent(event);
    if (event->type() != QEvent::FontChange) return;
    setMinimumHeight(0);
    fit();
}

} // namespace orrery::ui
