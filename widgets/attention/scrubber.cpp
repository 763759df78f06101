// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/scrubber.h"

#include "widgets/attention/frame_feed.h"
#include "widgets/attention/frame_slider.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

Scrubber::Scrubber(FrameFeed &feed, QWidget *parent)
    : QWidget(parent), m_feed(feed), m_slider(new FrameSlider(this)),
      m_step(new ToneLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_info(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_back(makeIconButton(u"chevron-left"_s, tr("One step back (,)"), this)),
      m_play(makeIconButton(u"play"_s, tr("Play (P)"), this)),
      m_on(makeIconButton(u"chevron-right"_s, tr("One step on (.)"), this)), m_live(new QToolButton(this)),
      m_speed(new QComboBox(this)), m_against(new QComboBox(this)), m_mode(new SegmentedChoice(this)),
      m_compare(new QPushButton(this)),
      m_row(new QHBoxLayout), m_second(new QHBoxLayout)
{
    setObjectName(u"scrubber"_s);
    m_step->setObjectName(u"stepLabel"_s);
    m_info->setObjectName(u"stepInfo"_s);
    m_back->setObjectName(u"stepBack"_s);
    m_play->setObjectName(u"play"_s);
    m_on->setObjectName(u"stepOn"_s);
    m_live->setObjectName(u"live"_s);
    m_live->setText(tr("Live"));
    m_live->setCheckable(true);
    m_live->setProperty("toggle", true);
    m_live->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bindIcon(m_live, u"follow"_s);
    m_live->setToolTip(tr("Show each new step as it comes (L)"));
    m_live->setAccessibleName(tr("Live"));
    m_speed->setObjectName(u"playSpeed"_s);
    m_speed->setAccessibleName(tr("Speed of play"));
    m_speed->setToolTip(tr("Kept steps a second while it plays"));
    for (const int rate : {2, 5, 10, 20, 40}) m_speed->addItem(tr("%1 / s").arg(rate), rate);
    m_speed->setCurrentIndex(2);
    m_mode->setObjectName(u"differenceChoice"_s);
    m_mode->addChoice(u"weights"_s, tr("Weights"), tr("The weights of the step"));
    m_mode->addChoice(u"difference"_s, tr("Difference"),
                      tr("Weights minus those of the step that is compared with (D)"));
    m_mode->setCurrent(u"weights"_s);
    m_compare->setObjectName(u"compareHere"_s);
    m_compare->setText(tr("Compare from here"));
    m_compare->setToolTip(tr("Makes this step the one that differences are taken from (B)"));

    m_against->setObjectName(u"againstModel"_s);
    m_against->setAccessibleName(tr("Weights to compare with"));
    m_against->setToolTip(tr("The saved step that the difference is taken from: it is asked the same"));
    m_against->hide();

    m_mode->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_row->setSpacing(space::kHalf);
    m_row->addWidget(m_step);
    m_row->addWidget(m_info, 1);
    for (QWidget *one :
         std::initializer_list<QWidget *>{m_back, m_play, m_on, m_speed, m_live, m_mode, m_compare, m_against})
        m_row->addWidget(one);
    m_second->setSpacing(space::kHalf);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(m_row);
    layout->addLayout(m_second);
    layout->addWidget(m_slider);

    connect(&m_feed, &FrameFeed::listChanged, this, &Scrubber::refreshList);
    connect(&m_feed, &FrameFeed::placeChanged, this, &Scrubber::refreshPlace);
    connect(&m_feed, &FrameFeed::shownChanged, this, &Scrubber::refreshPlace);
    connect(m_slider, &FrameSlider::moved, this, [this](int index) {
        Q_EMIT touched();
        m_feed.goTo(index);
    });
    connect(m_slider, &FrameSlider::baseMoved, &m_feed, &FrameFeed::setBase);
    const auto step = [this](int by) {
        Q_EMIT touched();
        m_feed.goTo(m_feed.index() + by);
    };
    connect(m_back, &QToolButton::clicked, this, [step] { step(-1); });
    connect(m_on, &QToolButton::clicked, this, [step] { step(1); });
    connect(m_play, &QToolButton::clicked, this, [this] {
        Q_EMIT touched();
        m_feed.setPlaying(!m_feed.isPlaying());
    });
    connect(m_live, &QToolButton::clicked, this, [this] {
        Q_EMIT touched();
        m_feed.follow();
    });
    connect(m_speed, &QComboBox::currentIndexChanged, this,
            [this] { m_feed.setFramesPerSecond(m_speed->currentData().toInt()); });
    connect(m_mode, &SegmentedChoice::chosen, this,
            [this](const QString &id) { Q_EMIT differenceChosen(id == u"difference"_s); });
    connect(m_compare, &QPushButton::clicked, this, [this] { m_feed.setBase(m_feed.index()); });
    connect(m_against, &QComboBox::activated, this,
            [this] { Q_EMIT baseChosen(m_against->currentData().toString()); });
    refreshList();
}

QSize Scrubber::minimumSizeHint() const
{
    int width = m_step->sizeHint().width();
    for (const QWidget *one : std::initializer_list<const QWidget *>{m_back, m_play, m_on, m_speed, m_live})
        width += one->sizeHint().width() + space::kHalf;
    width = std::max(width + 60, m_mode->sizeHint().width() + m_compare->sizeHint().width() + space::kOne);
    return {width, QWidget::minimumSizeHint().height()};
}

void Scrubber::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void Scrubber::arrange()
{
    int wanted = m_step->sizeHint().width() + 80;
    for (const QWidget *one : std::initializer_list<const QWidget *>{m_back, m_play, m_on, m_speed, m_live, m_mode,
                                                                     m_compare, m_against})
        if (!one->isHidden()) wanted += one->sizeHint().width() + space::kHalf;
    const bool isNarrow = width() < wanted;
    if (isNarrow == m_isNarrow) return;
    m_isNarrow = isNarrow;
    m_row->removeWidget(m_mode);
    m_row->removeWidget(m_compare);
    m_row->removeWidget(m_against);
    while (m_second->count() > 0) {
        QLayoutItem *item = m_second->takeAt(0);
        delete item; // the widgets stay
    }
    QHBoxLayout *to = isNarrow ? m_second : m_row;
    to->addWidget(m_mode);
    to->addWidget(m_compare);
    to->addWidget(m_against);
    if (isNarrow) to->addStretch(1);
    updateGeometry();
}

bool Scrubber::isDifference() const { return m_mode->current() == u"difference"_s; }

void Scrubber::setDifference(bool isDifference)
{
    m_mode->setCurrent(isDifference ? u"difference"_s : u"weights"_s);
    refreshPlace();
}

void Scrubber::setAside(const QString &reason)
{
    if (reason == m_aside) return;
    m_aside = reason;
    refreshPlace();
}

void Scrubber::setBases(const QList<std::pair<QString, QString>> &bases, const QString &current,
                        const QString &whyNot)
{
    if (bases == m_bases && whyNot == m_whyNoBase && m_against->currentData().toString() == current) return;
    m_bases = bases;
    m_whyNoBase = whyNot;
    m_against->clear();
    for (const auto &[name, model] : bases) m_against->addItem(tr("against %1").arg(name), model);
    m_against->setCurrentIndex(m_against->findData(current));
    refreshPlace();
}

void Scrubber::setRunLive(bool isLive)
{
    if (isLive == m_isRunLive) return;
    m_isRunLive = isLive;
    refreshPlace();
}

void Scrubber::refreshList()
{
    m_slider->setFrames(m_feed.steps(), m_feed.leftOut());
    refreshPlace();
}

void Scrubber::refreshAge() { refreshPlace(); }

void Scrubber::refreshPlace()
{
    const std::vector<FrameInfo> &frames = m_feed.steps();
    const int index = m_feed.index(), count = int(frames.size());
    const bool hasPlace = index >= 0 && index < count;
    if (hasPlace) m_slider->setValue(index);
    m_slider->setBase(isDifference() && m_aside.isEmpty() ? m_feed.baseIndex() : -1);
    m_step->setText(!m_aside.isEmpty() ? tr("Exact")
                    : hasPlace         ? tr("Step %1").arg(integerText(frames[size_t(index)].step))
                                       : tr("No kept step"));
    m_back->setEnabled(hasPlace && index > 0);
    m_on->setEnabled(hasPlace && index + 1 < count);
    m_play->setEnabled(count > 1);
    m_speed->setEnabled(count > 1);
    const bool isPlaying = m_feed.isPlaying();
    bindIcon(m_play, isPlaying ? u"pause"_s : u"play"_s);
    m_play->setToolTip(isPlaying ? tr("Pause (P)") : tr("Play (P)"));
    m_play->setAccessibleName(m_play->toolTip());
    m_live->setVisible(count > 0 && (m_isRunLive || !m_feed.isFollowing()));
    m_live->setText(m_isRunLive ? tr("Live") : tr("Newest"));
    m_live->setChecked(m_feed.isFollowing() && m_aside.isEmpty());
    m_live->setEnabled(count > 0);
    for (QWidget *one : std::initializer_list<QWidget *>{m_back, m_play, m_on, m_speed, m_slider})
        one->setVisible(count > 0);
    refreshComparison();
    QString info = m_aside;
    if (m_aside.isEmpty() && hasPlace) {
        info = keptText();
        if (isDifference() && m_feed.baseIndex() >= 0)
            info = tr("against step %1 · ").arg(integerText(frames[size_t(m_feed.baseIndex())].step)) + info;
        if (m_isRunLive && m_feed.isFollowing() && frames[size_t(index)].wallTime > 0)
            info += u" · "_s + relativeTimeText(wallNow() - frames[size_t(index)].wallTime);
        if (m_feed.isLoading()) info += tr(" · reading…");
    }
    m_info->setFullText(info);
    arrange();
}

/// Which of the kept steps it is, and of which heads, where some are kept at more steps than others.
QString Scrubber::keptText() const
{
    const std::vector<FrameInfo> &frames = m_feed.steps();
    const QString place =
        tr("kept step %1 of %2").arg(integerText(m_feed.index() + 1), integerText(qint64(frames.size())));
    if (const std::optional<int64_t> missed = m_feed.missedStep())
        return tr("nearest of all heads: step %1 has starred ones alone · ").arg(integerText(*missed)) + place;
    const bool hasStarred =
        std::any_of(frames.begin(), frames.end(), [](const FrameInfo &one) { return one.kind == FrameKind::Heads; });
    if (frames[size_t(m_feed.index())].kind == FrameKind::Heads) return place + tr(", starred heads");
    return hasStarred || !m_feed.leftOut().empty() ? place + tr(", all heads") : place;
}

/// Kept steps are compared with one of them; an answer with that of a saved step.
void Scrubber::refreshComparison()
{
    const bool isAside = !m_aside.isEmpty();
    const bool canCompare = isAside ? !m_bases.isEmpty() : m_feed.steps().size() > 1;
    m_mode->setEnabled(canCompare);
    m_mode->setToolTip(isAside ? m_whyNoBase : QString());
    m_compare->setVisible(isDifference() && !isAside);
    m_compare->setEnabled(m_feed.index() >= 0);
    m_against->setVisible(isDifference() && isAside && canCompare);
}

} // namespace orrery::ui
