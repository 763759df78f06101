// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/progress_row.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kFine = 1000;             ///< steps of the bar
constexpr double kSecondsToJudge = 1.0; ///< before that nobody knows the speed

} // namespace

ProgressRow::ProgressRow(QWidget *parent)
    : QWidget(parent), m_bar(new QProgressBar(this)),
      m_text(new ElidedLabel(QString(), Tone::Text, TypeSize::Small, this)),
      m_left(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_cancelButton(new QPushButton(tr("Cancel"), this))
{
    setObjectName(u"panelProgress"_s);
    m_bar->setObjectName(u"panelProgressBar"_s);
    m_bar->setAccessibleName(tr("Progress"));
    m_bar->setTextVisible(false);
    m_text->setObjectName(u"panelProgressText"_s);
    m_left->setObjectName(u"panelProgressLeft"_s);
    m_cancelButton->setObjectName(u"panelCancel"_s);
    auto *words = new QHBoxLayout;
    words->setSpacing(space::kOne);
    words->addWidget(m_text, 1);
    words->addWidget(m_left);
    auto *column = new QVBoxLayout;
    column->setSpacing(space::kHalf);
    column->addLayout(words);
    column->addWidget(m_bar);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::kOne);
    row->addLayout(column, 1);
    row->addWidget(m_cancelButton);
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelayMs);
    connect(&m_delay, &QTimer::timeout, this, [this] { show(); });
    connect(m_cancelButton, &QPushButton::clicked, this, &ProgressRow::cancel);
    hide();
}

void ProgressRow::setProgress(const QString &text, double fraction, std::function<void()> cancel)
{
    if (!m_isActive || fraction < m_fraction) {
        m_startedAt = wallNow();
        m_isCancelling = false;
        m_cancelButton->setEnabled(true);
    }
    if (!m_isActive) m_delay.start();
    m_isActive = true;
    m_fraction = fraction;
    m_cancel = std::move(cancel);
    m_cancelButton->setVisible(bool(m_cancel) || m_isCancelling);
    const bool isKnown = std::isfinite(fraction) && fraction >= 0;
    m_bar->setRange(0, isKnown ? kFine : 0);
    if (isKnown) m_bar->setValue(int(std::lround(std::clamp(fraction, 0.0, 1.0) * kFine)));
    if (m_isCancelling) return;
    m_text->setFullText(text);
    m_left->setText(isKnown ? timeLeft(fraction) : QString());
}

QString ProgressRow::timeLeft(double fraction) const
{
    const double spent = wallNow() - m_startedAt;
    if (spent < kSecondsToJudge || fraction <= 0 || fraction >= 1) return {};
    return timeLeftText(spent / fraction * (1 - fraction));
}

void ProgressRow::cancel()
{
    m_isCancelling = true;
    m_cancelButton->setEnabled(false);
    m_text->setFullText(tr("Cancelling…"));
    m_left->clear();
    const std::function<void()> cancel = std::exchange(m_cancel, {}); // it may clear this row
    if (cancel) cancel();
}

void ProgressRow::clear()
{
    m_delay.stop();
    m_isActive = m_isCancelling = false;
    m_fraction = -1;
    m_cancel = {};
    m_bar->setRange(0, kFine); // a busy bar that nobody sees need not run
    hide();
}

} // namespace orrery::ui
