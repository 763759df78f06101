// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/attention_pair.h"

#include "widgets/attention/frame_feed.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/filter_combo_box.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_choice.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kBesideFrom = 1'300; ///< pixels of width; in less, one stands below the other
constexpr int kMinimumHeight = 396; ///< the rest scrolls
constexpr int kStackedHeight = 560; ///< of each of two below each other

/// What a link says of the second panel begins with it; "linked" is of both.
const QLatin1String kBeside("beside_"), kLinked("linked");

QVariantMap withoutBeside(QVariantMap state)
{
    state.removeIf(
        [](const auto &entry) { return entry.key().startsWith(kBeside) || entry.key() == kLinked; });
    return state;
}

} // namespace

AttentionPair::AttentionPair(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_primary(new AttentionPanel(session, this)),
      m_splitter(new QSplitter(this)), m_scroll(new QScrollArea(this))
{
    setObjectName(u"attentionPair"_s);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setHandleWidth(space::kOne);
    m_splitter->addWidget(m_primary);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setAccessibleName(tr("Attention"));
    m_scroll->setWidget(m_splitter);
    m_splitter->setAutoFillBackground(false);
    m_scroll->viewport()->setAutoFillBackground(false);
    layout->addWidget(m_scroll);
    m_primary->besideButton()->show();
    connect(m_primary, &AttentionPanel::besideRequested, this, &AttentionPair::toggle);
    connect(m_primary, &AttentionPanel::newRunRequested, this, &AttentionPair::newRunRequested);
    offerLink();
}

/// The first panel's link holds both.
void AttentionPair::offerLink()
{
    const PanelView own = m_primary->view();
    m_primary->setView({.panel = own.panel,
                        .state =
                            [this, own] {
                                QVariantMap state = own.state();
                                state.insert(besideState());
                                // Better a link without the second text than one that nobody can open.
                                for (const QString &key : {u"ids"_s, u"answer"_s, u"text"_s, u"title"_s})
                                    if (viewLinkText({own.panel, state}).size() > kMaxLinkLength)
                                        state.remove(kBeside + key);
                                return state;
                            },
                        .restore =
                            [this, own](const QVariantMap &state) {
                                closeBeside(); // a link of one panel shows one
                                own.restore(withoutBeside(state));
                                restoreBeside(state);
                            }});
}

QVariantMap AttentionPair::besideState() const
{
    QVariantMap state;
    if (!isOpen()) return state;
    const QVariantMap second = m_secondary->view().state();
    for (auto one = second.begin(); one != second.end(); ++one) state[kBeside + one.key()] = one.value();
    state[kLinked] = m_isLinked;
    return state;
}

void AttentionPair::restoreBeside(const QVariantMap &state)
{
    QVariantMap second;
    for (auto one = state.begin(); one != state.end(); ++one)
        if (one.key().startsWith(kBeside)) second[one.key().mid(kBeside.size())] = one.value();
    if (second.isEmpty()) return;
    setLinked(false); // until both are where the link says
    openBeside(second.value(u"run"_s).toString(), -1);
    m_secondary->view().restore(second);
    fillRuns();
    setLinked(state.value(kLinked, true).toString() != "false"_L1);
}

void AttentionPair::setRun(const QString &run) { m_primary->setRun(run); }
void AttentionPair::setSelection(Selection *selection) { m_primary->setSelection(selection); }
bool AttentionPair::isOpen() const { return m_second && !m_second->isHidden(); }

void AttentionPair::makeSecond()
{
    m_second = new QWidget(this);
    m_second->setObjectName(u"attentionBeside"_s);
    m_secondary = new AttentionPanel(m_session, m_second);
    m_secondary->setObjectName(u"attentionPanelBeside"_s);
    m_secondary->setAccessibleName(tr("Attention beside"));
    m_runs = new FilterComboBox(tr("Filter by name or tag"), m_second);
    m_runs->setObjectName(u"besideRun"_s);
    m_runs->setAccessibleName(tr("Run beside"));
    m_runs->setToolTip(tr("Whose attention is shown beside; its step is chosen below"));
    m_runs->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_runs->setMinimumContentsLength(10);
    m_runs->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_runs->setMaximumWidth(360);
    m_link = new QToolButton(m_second);
    m_link->setObjectName(u"besideLink"_s);
    m_link->setText(tr("Linked"));
    m_link->setCheckable(true);
    m_link->setProperty("toggle", true);
    m_link->setChecked(m_isLinked);
    m_link->setToolTip(
        tr("Both at the same head and row, on the same colour scale; each with its own steps"));
    m_link->setAccessibleName(tr("Linked"));
    QToolButton *close = makeIconButton(u"close"_s, tr("Close the second panel (2)"), m_second);
    close->setObjectName(u"besideClose"_s);
    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kOne);
    bar->addWidget(new ToneLabel(tr("Beside"), Tone::Secondary, TypeSize::Base, m_second));
    bar->addWidget(m_runs, 1);
    bar->addStretch(1);
    bar->addWidget(m_link);
    bar->addWidget(close);
    auto *layout = new QVBoxLayout(m_second);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(bar);
    layout->addWidget(m_secondary, 1);
    m_splitter->addWidget(m_second);

    connect(close, &QToolButton::clicked, this, &AttentionPair::closeBeside);
    connect(m_link, &QToolButton::toggled, this, &AttentionPair::setLinked);
    connect(m_runs, &QComboBox::activated, this, [this] {
        m_secondary->setRun(m_runs->currentData().toString());
        follow(*m_primary, *m_secondary);
    });
    connect(&m_session, &EngineSession::runsChanged, this, &AttentionPair::fillRuns);
    connect(m_secondary, &AttentionPanel::besideRequested, this, &AttentionPair::closeBeside);
    connect(m_secondary, &AttentionPanel::newRunRequested, this, &AttentionPair::newRunRequested);
    for (const auto &[from, to] : {std::pair(m_primary, m_secondary), {m_secondary, m_primary}}) {
        connect(from, &AttentionPanel::placeChanged, this,
                [this, from = from, to = to] { follow(*from, *to); });
        connect(from, &AttentionPanel::lookChanged, this,
                [this, from = from, to = to] { follow(*from, *to); });
        connect(from, &AttentionPanel::refreshed, this, &AttentionPair::shareScale);
    }
}

void AttentionPair::fillRuns()
{
    const QString shown = m_secondary->run();
    QList<FilterComboBox::Entry> entries;
    for (const RunStatus *status : offeredRuns(m_session.runs(), {shown}))
        entries.append({runTitle(*status), fromStd(status->id), runTagsText(*status)});
    // A run that was deleted meanwhile is still shown until another one is chosen.
    const bool isListed = std::any_of(entries.begin(), entries.end(), [&shown](const auto &entry) { return entry.data == shown; });
    if (!isListed) entries.append({shown, shown, {}});
    const QSignalBlocker blocker(m_runs);
    m_runs->setEntries(entries);
    m_runs->setCurrentIndex(m_runs->findData(shown));
}

void AttentionPair::openBeside(const QString &run, int64_t step)
{
    if (!m_second) makeSecond();
    const bool wasOpen = isOpen();
    m_secondary->setRun(run.isEmpty() ? m_primary->run() : run);
    fillRuns();
    m_second->show();
    m_primary->besideButton()->setChecked(true);
    arrange();
    if (!wasOpen) m_splitter->setSizes({1'000, 1'000});
    if (!wasOpen) scrollToSecond();
    if (step >= 0)
        m_secondary->feed()->goToStep(step);
    else
        m_secondary->feed()->follow();
    follow(*m_primary, *m_secondary);
}

/// Below the first one it may be out of sight, as if nothing had come.
void AttentionPair::scrollToSecond()
{
    if (m_splitter->orientation() == Qt::Horizontal) return;
    QTimer::singleShot(0, this, [this] { // when it has its place
        if (isOpen()) m_scroll->verticalScrollBar()->setValue(m_second->y());
    });
}

void AttentionPair::closeBeside()
{
    m_primary->besideButton()->setChecked(false);
    if (!m_second) return;
    m_second->hide();
    arrange();
    m_primary->setLeastLimits({});
}

/// What one is most curious about: how it was where differences are taken from, in the beginning if nothing
/// was chosen. Both show weights then: that step does not differ from itself.
void AttentionPair::toggle()
{
    if (isOpen()) return closeBeside();
    m_primary->setDifference(false);
    const FrameFeed *feed = m_primary->feed();
    const int base = feed->baseIndex();
    openBeside(m_primary->run(), base < 0 ? -1 : feed->steps()[size_t(base)].step);
}

void AttentionPair::setLinked(bool isLinked)
{
    m_isLinked = isLinked;
    if (m_link) m_link->setChecked(isLinked);
    if (!isOpen()) return;
    follow(*m_primary, *m_secondary);
    shareScale();
}

void AttentionPair::follow(const AttentionPanel &from, AttentionPanel &to)
{
    if (!m_isLinked || m_isFollowing || !isOpen()) return;
    m_isFollowing = true;
    AttentionPlace next = from.place();
    // A row of one text is not a row of another.
    if (from.numTokens() != to.numTokens()) next.pinnedToken = to.place().pinnedToken;
    to.goTo(next);
    to.setLook(from.look());
    to.setDifference(from.isDifference());
    m_isFollowing = false;
}

void AttentionPair::shareScale()
{
    if (!isOpen()) return;
    // Kept steps of the same prompt, so that the two can be compared.
    const int prompt = m_primary->promptBar()->prompt();
    const int beside = m_secondary->promptBar()->prompt();
    if (m_isLinked && prompt >= 0 && beside >= 0 && prompt != beside) m_secondary->choosePrompt(prompt);
    const DifferenceLimits first = m_primary->limits(), second = m_secondary->limits();
    const DifferenceLimits both{.map = std::max(first.map, second.map),
                                .overview = std::max(first.overview, second.overview)};
    m_primary->setLeastLimits(m_isLinked ? both : DifferenceLimits{});
    m_secondary->setLeastLimits(m_isLinked ? both : DifferenceLimits{});
}

void AttentionPair::arrange()
{
    m_splitter->setOrientation(width() >= kBesideFrom ? Qt::Horizontal : Qt::Vertical);
    // Below each other each has room for its map; the rest of both is scrolled to.
    const bool isStacked = isOpen() && m_splitter->orientation() == Qt::Vertical;
    for (AttentionPanel *one : {m_primary, m_secondary})
        if (one) one->setMinimumHeight(isStacked ? kStackedHeight : 0);
    // So high that one can be worked with, beside what docks under it.
    m_scroll->setMinimumSize(m_primary->minimumSizeHint().width(), kMinimumHeight);
}

void AttentionPair::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

} // namespace orrery::ui
