// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/overlay_bar.h"

#include "widgets/common/elided_combo_box.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QResizeEvent>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kChars = 8, kMaxChars = 26; ///< that a box of settings shows
constexpr int kNoteWidth = 120;            ///< that the note wants beside the others

ElidedComboBox *makeBox(const char *name, const QString &accessibleName, const QString &toolTip, QWidget *parent)
{
    auto *box = new ElidedComboBox(parent);
    box->setObjectName(QLatin1String(name));
    box->setAccessibleName(accessibleName);
    box->setToolTip(toolTip);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(kChars);
    box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    box->setMaximumWidth(box->fontMetrics().averageCharWidth() * kMaxChars + 40);
    return box;
}

/// "Learning rate" as "learning rate", but "QK norm" as it is.
QString withinSentence(const QString &label)
{
    if (label.size() < 2 || label[1].isUpper()) return label;
    return label.first(1).toLower() + label.sliced(1);
}

} // namespace

QString xModeWord(XMode mode)
{
    switch (mode) {
    case XMode::Time:
        return u"time"_s;
    case XMode::Tokens:
        return u"tokens"_s;
    case XMode::Clock:
        return u"clock"_s;
    case XMode::Step:
        break;
    }
    return u"step"_s;
}

XMode xModeOf(const QString &word)
{
    for (const XMode mode : {XMode::Time, XMode::Tokens, XMode::Clock})
        if (word == xModeWord(mode)) return mode;
    return XMode::Step;
}

QString bandWord(BandKind band)
{
    switch (band) {
    case BandKind::Deviation:
        return u"deviation"_s;
    case BandKind::Confidence:
        return u"interval"_s;
    case BandKind::Extremes:
        break;
    }
    return u"range"_s;
}

BandKind bandOf(const QString &word)
{
    for (const BandKind band : {BandKind::Deviation, BandKind::Confidence})
        if (word == bandWord(band)) return band;
    return BandKind::Extremes;
}

OverlayBar::OverlayBar(QWidget *parent)
    : QWidget(parent), m_loss(new SegmentedChoice(this)), m_xMode(new SegmentedChoice(this)),
      m_logX(new QToolButton(this)),
      m_clear(makeIconButton(u"close"_s, tr("Draw the selected run alone"), this)),
      m_group(makeBox("overlayGroup", tr("Group runs by"),
                      tr("Runs with the same value become one: their mean and a band around it"), this)),
      m_band(makeBox("overlayBand", tr("Band of a group"),
                     tr("What the band holds: the lowest to the highest run, the standard deviation of the runs, or "
                        "the 95 % interval of their mean (Student's t)"),
                     this)),
      m_note(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_first(nullptr), m_second(nullptr)
{
    setObjectName(u"overlayBar"_s);
    setAccessibleName(tr("Several runs"));
    m_loss->setObjectName(u"overlayLoss"_s);
    m_loss->addChoice(u"train"_s, tr("Train"), tr("The training loss of each run"));
    m_loss->addChoice(u"val"_s, tr("Validation"), tr("The validation loss of each run"));
    m_loss->setCurrent(u"train"_s);
    m_xMode->setObjectName(u"overlayAxis"_s);
    m_xMode->addChoice(u"step"_s, tr("Step"), tr("Runs side by side at the same training step"));
    m_xMode->addChoice(u"tokens"_s, tr("Tokens"),
                       tr("At the same number of tokens read: steps times batch size, accumulation and context"));
    m_xMode->addChoice(u"time"_s, tr("Time"), tr("At the same time since the first report of each run"));
    m_xMode->addChoice(u"clock"_s, tr("Clock"), tr("At the time of the day at which they were reported"));
    m_xMode->setCurrent(u"step"_s);
    m_logX->setObjectName(u"logX"_s);
    m_logX->setText(tr("Log x"));
    m_logX->setToolTip(tr("Logarithmic x axis (Shift+L); with Log y, power laws are straight lines"));
    m_logX->setAccessibleName(m_logX->toolTip());
    m_logX->setCheckable(true);
    m_logX->setProperty("toggle", true);
    m_logX->setAutoRaise(true);
    m_clear->setObjectName(u"clearOverlay"_s);
    m_band->addItem(tr("Lowest to highest"), bandWord(BandKind::Extremes));
    m_band->addItem(tr("± standard deviation"), bandWord(BandKind::Deviation));
    m_band->addItem(tr("95 % interval of the mean"), bandWord(BandKind::Confidence));
    auto *rows = new QVBoxLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(space::kHalf);
    m_first = new QHBoxLayout;
    m_second = new QHBoxLayout;
    for (QHBoxLayout *row : {m_first, m_second}) {
        row->setSpacing(space::kOne);
        rows->addLayout(row);
    }
    fillKeys();
    arrange();

    connect(m_loss, &SegmentedChoice::chosen, this, &OverlayBar::changed);
    connect(m_xMode, &SegmentedChoice::chosen, this,
            [this](const QString &word) { Q_EMIT xModeChosen(xModeOf(word)); });
    connect(m_logX, &QToolButton::clicked, this, &OverlayBar::logXChosen);
    connect(m_clear, &QToolButton::clicked, this, &OverlayBar::clearChosen);
    connect(m_group, &QComboBox::activated, this, [this] {
        setGroupBy(m_group->currentData().toString());
        Q_EMIT changed();
    });
    connect(m_band, &QComboBox::activated, this, &OverlayBar::changed);
}

bool OverlayBar::showsValidation() const { return m_loss->current() == "val"_L1; }

void OverlayBar::setShowsValidation(bool isShown) { m_loss->setCurrent(isShown ? u"val"_s : u"train"_s); }

void OverlayBar::setXMode(XMode mode)
{
    m_xMode->setCurrent(xModeWord(mode));
    m_logX->setEnabled(mode != XMode::Clock);
}

void OverlayBar::setLogX(bool isLogarithmic) { m_logX->setChecked(isLogarithmic); }

void OverlayBar::setKeys(const QList<SpecKey> &keys)
{
    if (keys == m_keys) return;
    m_keys = keys;
    fillKeys();
}

void OverlayBar::fillKeys()
{
    const QSignalBlocker quiet(m_group);
    m_group->clear();
    m_group->addItem(tr("Not grouped"), QString());
    m_group->addItem(tr("By all settings but the seed"), QLatin1String(kGroupByAll));
    bool isListed = m_groupBy.isEmpty() || m_groupBy == QLatin1String(kGroupByAll);
    for (const SpecKey &key : std::as_const(m_keys)) {
        m_group->addItem(tr("By %1").arg(withinSentence(key.label)), key.key);
        m_group->setItemData(m_group->count() - 1, key.key, Qt::ToolTipRole);
        isListed = isListed || key.key == m_groupBy;
    }
    if (!isListed) m_group->addItem(tr("By %1").arg(m_groupBy), m_groupBy); // all have one value, or are being read
    m_group->setCurrentIndex(m_group->findData(m_groupBy));
    m_band->setVisible(!m_groupBy.isEmpty());
    arrange();
}

int OverlayBar::rowWidth(const QList<QWidget *> &widgets) const
{
    int width = -space::kOne;
    for (const QWidget *widget : widgets)
        if (!widget->isHidden()) width += widget->minimumSizeHint().width() + space::kOne;
    return width;
}

void OverlayBar::arrange()
{
    if (!m_second) return; // still being made
    const bool isNarrow = width() < rowWidth({m_loss, m_xMode, m_logX, m_group, m_band, m_clear}) + kNoteWidth;
    const int numRows = isNarrow ? 2 : 1;
    if (numRows == m_numRows) return;
    m_numRows = numRows;
    for (QHBoxLayout *row : {m_first, m_second})
        while (const QLayoutItem *item = row->takeAt(0)) delete item; // the widgets stay
    for (QWidget *widget : {m_loss, m_xMode}) m_first->addWidget(widget);
    m_first->addWidget(m_logX);
    if (isNarrow) m_first->addStretch(1);
    QHBoxLayout *rest = isNarrow ? m_second : m_first;
    rest->addWidget(m_group, 3);
    rest->addWidget(m_band, 3);
    rest->addWidget(m_note, 2);
    rest->addWidget(m_clear);
    QWidget *before = m_loss; // the keyboard goes as the eye does
    for (QWidget *widget : std::initializer_list<QWidget *>{m_xMode, m_logX, m_group, m_band, m_clear}) {
        setTabOrder(before, widget);
        before = widget;
    }
}

QSize OverlayBar::minimumSizeHint() const
{
    const int width = std::max(rowWidth({m_loss, m_xMode, m_logX}), rowWidth({m_group, m_band, m_clear}));
    return {width, QWidget::minimumSizeHint().height()};
}

void OverlayBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void OverlayBar::setGroupBy(const QString &key)
{
    m_groupBy = key;
    fillKeys();
}

QString OverlayBar::groupLabel() const
{
    if (m_groupBy.isEmpty()) return {};
    if (m_groupBy == QLatin1String(kGroupByAll)) return tr("settings but the seed");
    for (const SpecKey &key : m_keys)
        if (key.key == m_groupBy) return key.label;
    return m_groupBy;
}

BandKind OverlayBar::band() const { return bandOf(m_band->currentData().toString()); }

void OverlayBar::setBand(BandKind band) { m_band->setCurrentIndex(m_band->findData(bandWord(band))); }

void OverlayBar::setNote(const QString &text) { m_note->setFullText(text); }

QString OverlayBar::note() const { return m_note->fullText(); }

} // namespace orrery::ui
