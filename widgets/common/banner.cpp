// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/banner.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMinWidthForOneRow = 460;
constexpr int kMinTextWidth = 400; ///< beside the buttons

Tone toneOf(BannerKind kind)
{
    switch (kind) {
    case BannerKind::Info:
        return Tone::Accent;
    case BannerKind::Warning:
        return Tone::Warning;
    case BannerKind::Error:
        return Tone::Error;
    }
    return Tone::Error;
}

QString iconOf(BannerKind kind)
{
    switch (kind) {
    case BannerKind::Info:
        return u"info"_s;
    case BannerKind::Warning:
        return u"warning"_s;
    case BannerKind::Error:
        return u"error"_s;
    }
    return u"error"_s;
}

} // namespace

Banner::Banner(QWidget *parent)
    : QWidget(parent), m_icon(makeIconButton(u"error"_s, QString(), this)),
      m_copy(makeIconButton(u"copy"_s, tr("Copy this message"), this)),
      m_close(makeIconButton(u"close"_s, tr("Dismiss this message"), this)),
      m_messageLabel(new ToneLabel(QString(), Tone::Text, TypeSize::Base, this)),
      m_hintLabel(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_retry(new QPushButton(this))
{
    setObjectName(u"banner"_s);
    m_icon->setEnabled(true);
    m_icon->setFocusPolicy(Qt::NoFocus);
    m_icon->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_copy->setObjectName(u"bannerCopy"_s);
    m_retry->setObjectName(u"bannerRetry"_s);
    m_close->setObjectName(u"bannerClose"_s);
    for (ToneLabel *label : {m_messageLabel, m_hintLabel}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setMinimumWidth(80);
    }
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->setContentsMargins(0, space::kHalf, 0, space::kHalf);
    texts->addWidget(m_messageLabel);
    texts->addWidget(m_hintLabel);
    m_buttons = new QHBoxLayout;
    m_buttons->setSpacing(space::kHalf);
    m_buttons->addWidget(m_retry);
    m_buttons->addWidget(m_copy);
    m_buttons->addStretch(1);
    m_layout = new QGridLayout(this);
    m_layout->setContentsMargins(space::kHalf, space::kHalf, space::kHalf, space::kHalf);
    m_layout->setSpacing(space::kHalf);
    m_layout->setColumnStretch(1, 1);
    m_layout->addWidget(m_icon, 0, 0, Qt::AlignTop);
    m_layout->addLayout(texts, 0, 1);
    // Until it has a width it needs as little as it can: a message must not widen the dock that it stands in.
    m_layout->addLayout(m_buttons, 1, 1);
    m_isNarrow = true;
    m_layout->addWidget(m_close, 0, 3, Qt::AlignTop);
    connect(m_retry, &QPushButton::clicked, this, &Banner::retryRequested);
    connect(m_copy, &QToolButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_hint.isEmpty() ? m_message : m_message + u' ' + m_hint);
    });
    connect(m_close, &QToolButton::clicked, this, [this] {
        clear();
        Q_EMIT dismissed();
    });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    hide();
}

void Banner::showMessage(BannerKind kind, const QString &message, const QString &hint,
                         const QString &retryText)
{
    m_kind = kind;
    m_message = message;
    m_hint = hint;
    bindIcon(m_icon, iconOf(kind));
    m_icon->setAccessibleName(kind == BannerKind::Error     ? tr("Error")
                              : kind == BannerKind::Warning ? tr("Warning")
                                                            : tr("Note"));
    m_messageLabel->setText(message);
    m_hintLabel->setText(hint);
    m_hintLabel->setVisible(!hint.isEmpty());
    m_retry->setText(retryText);
    m_retry->setVisible(!retryText.isEmpty());
    setAccessibleName(message);
    setAccessibleDescription(hint);
    update();
    show();
}

void Banner::showError(const Error &error, const QString &retryText)
{
    showMessage(BannerKind::Error, fromStd(error.message), fromStd(error.hint), retryText);
}

void Banner::clear()
{
    m_message.clear();
    m_hint.clear();
    hide();
}

QPushButton *Banner::addButton(const QString &text)
{
    auto *button = new QPushButton(text, this);
    m_buttons->insertWidget(m_buttons->indexOf(m_copy), button);
    return button;
}

void Banner::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const bool isNarrow =
        width() < std::max(kMinWidthForOneRow, m_buttons->sizeHint().width() + kMinTextWidth);
    if (isNarrow == m_isNarrow) return;
    m_isNarrow = isNarrow;
    m_layout->removeItem(m_buttons);
    if (isNarrow)
        m_layout->addLayout(m_buttons, 1, 1); // under the text, which needs the width
    else
        m_layout->addLayout(m_buttons, 0, 2, Qt::AlignTop);
}

void Banner::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor color = toneColor(toneOf(m_kind));
    QColor ground = color;
    ground.setAlphaF(0.10F);
    QColor edge = color;
    edge.setAlphaF(0.45F);
    painter.setPen(QPen(edge, 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

} // namespace orrery::ui
