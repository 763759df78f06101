// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/help_popover.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QScreen>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kWidthInLetters = 52; ///< lines longer than this are hard to read

} // namespace

HelpPopover::HelpPopover(const QString &title, const QString &text, QWidget *parent)
    : QFrame(parent, Qt::Popup)
{
    setObjectName(u"helpPopover"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setProperty("card", true);
    setAccessibleName(tr("Help: %1").arg(title));
    setAccessibleDescription(text);
    auto *close = makeIconButton(u"close"_s, tr("Close (Esc)"), this);
    close->setObjectName(u"helpClose"_s);
    connect(close, &QToolButton::clicked, this, &QWidget::close);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::kOne);
    auto *heading = new ToneLabel(title, Tone::Text, TypeSize::Heading, this);
    heading->setTextFormat(Qt::PlainText);
    head->addWidget(heading, 1);
    head->addWidget(close);
    auto *body = new ToneLabel(text, Tone::Text, TypeSize::Base, this);
    body->setObjectName(u"helpText"_s);
    body->setTextFormat(Qt::PlainText);
    body->setWordWrap(true);
    body->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    body->setFixedWidth(body->fontMetrics().averageCharWidth() * kWidthInLetters);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kTwo, space::kOne, space::kOne, space::kTwo);
    layout->setSpacing(space::kHalf);
    layout->addLayout(head);
    layout->addWidget(body);
    layout->setSizeConstraint(QLayout::SetFixedSize);
}

void HelpPopover::showUnder(const QWidget &anchor)
{
    adjustSize();
    const QPoint corner = anchor.mapToGlobal(QPoint(anchor.width(), anchor.height() + space::kHalf));
    const QRect room = anchor.screen()->availableGeometry();
    const int x =
        std::clamp(corner.x() - width(), room.left(), std::max(room.left(), room.right() - width()));
    int y = corner.y();
    if (y + height() > room.bottom())
        y = std::max(room.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - space::kHalf - height());
    move(x, y);
    show();
    setFocus();
}

void HelpPopover::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape || event->key() == Qt::Key_F1)
        close();
    else
        QFrame::keyPressEvent(event);
}

} // namespace orrery::ui
