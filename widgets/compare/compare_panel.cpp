// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/difference_page.h"
#include "widgets/compare/lineage_page.h"
#include "widgets/compare/values_page.h"
#include "widgets/runs/filter_settings.h"
#include "widgets/runs/run_filter_bar.h"
#include "widgets/runs/word_completer.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const QString kSourceIds[] = {u"overlaid"_s, u"all"_s, u"chosen"_s};
const QString kTabIds[] = {u"values"_s, u"settings"_s, u"lineage"_s};

} // namespace

ComparePanel::ComparePanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Compare"), parent), m_session(session), m_feed(new CompareFeed(session, this)),
      m_settings(new FilterSettings(session, this)),
      m_sources(new SegmentedChoice(this)), m_tabs(new SegmentedChoice(this)), m_filter(new QLineEdit(this)),
      m_count(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_stack(new QStackedWidget(this)),
      m_pages(new CurrentStack(this)), m_values(new ValuesPage(*m_feed, this)),
      m_difference(new DifferencePage(*m_feed, this)), m_lineage(new LineagePage(session, *m_feed, this))
{
    setObjectName(u"comparePanel"_s);
    setMinimumSize(360, 240);
    for (QWidget *page : std::initializer_list<QWidget *>{m_values, m_difference, m_lineage}) m_pages->addWidget(page);
    makeEmpty();
    m_stack->addWidget(m_pages);
    m_stack->addWidget(m_empty);
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(makeBar());
    layout->addWidget(m_problem);
    layout->addWidget(m_stack, 1);
    setContent(content);
    makeActions();
    adoptFrame();

    connect(m_values, &ValuesPage::needsChanged, this, [this] {
        giveRuns();
        Q_EMIT stateChanged();
    });
    // Rows are selected one by one while Shift is held.
    m_selectionTimer.setSingleShot(true);
    m_selectionTimer.setInterval(0);
    connect(&m_selectionTimer, &QTimer::timeout, this, [this] {
        updateActions();
        updateSummary();
    });
    connect(m_values, &ValuesPage::selectionChanged, &m_selectionTimer, qOverload<>(&QTimer::start));
    connect(m_values, &ValuesPage::runChosen, this, &ComparePanel::runSelected);
    connect(m_values, &ValuesPage::runActivated, this, &ComparePanel::runActivated);
    connect(m_lineage, &LineagePage::runChosen, this, [this](const QString &run) {
        updateActions();
        Q_EMIT runSelected(run);
    });
    connect(m_lineage, &LineagePage::runActivated, this, &ComparePanel::runActivated);
    connect(m_lineage, &LineagePage::branchRequested, this, [this] { Q_EMIT branchRequested(runForAction()); });
    connect(m_lineage, &LineagePage::membersChanged, this, [this] {
        if (m_tab == Tab::Lineage) giveRuns();
    });
    connect(m_difference, &DifferencePage::summaryChanged, this, [this] {
        updateActions(); // the settings have come
        updateSummary();
    });
    connect(m_feed, &CompareFeed::progressed, this, &ComparePanel::showProgress);
    connect(m_settings, &FilterSettings::changed, this, &ComparePanel::takeRuns);
    connect(banner(), &Banner::retryRequested, this, [this] {
        banner()->clear();
        m_feed->retry();
    });
    connect(&session, &EngineSession::runsChanged, this, &ComparePanel::takeRuns);
    connect(&session, &EngineSession::connectionChanged, this, &ComparePanel::takeRuns);
    setSource(Source::All);
    m_isSourceChosen = false;
    showTab(Tab::Values);
    takeRuns();
}

QWidget *ComparePanel::makeBar()
{
    m_tabs->setObjectName(u"compareTabs"_s);
    m_tabs->setAccessibleName(tr("What is compared"));
    m_tabs->addChoice(kTabIds[0], tr("Values"), tr("Final values, a row a run"));
    m_tabs->addChoice(kTabIds[1], tr("Settings"), tr("The settings that set the runs apart"));
    m_tabs->addChoice(kTabIds[2], tr("Lineage"), tr("Who was branched from whom"));
    m_sources->setObjectName(u"compareSources"_s);
    m_sources->setAccessibleName(tr("Which runs"));
    m_sources->addChoice(kSourceIds[0], tr("Overlaid"), tr("Those that are overlaid in the list of runs"));
    m_sources->addChoice(kSourceIds[1], tr("All"), tr("All runs that are not archived"));
    m_sources->addChoice(kSourceIds[2], tr("Chosen"), tr("Those that were kept by “Compare only these”, or imported last"));
    m_filter->setObjectName(u"compareFilter"_s);
    m_filter->setPlaceholderText(tr("Filter: name, tag:x, val<1.5, lr:0.001"));
    m_filter->setAccessibleName(tr("Filter the compared runs by name, state, tag, number or setting"));
    m_filter->setToolTip(runFilterHelp());
    new WordCompleter(*m_filter, u' ', [this](const QString &word) { return RunQuery::completions(word, tagsInUse()); });
    m_filter->setClearButtonEnabled(true);
    m_filter->setMinimumWidth(120);
    m_count->setObjectName(u"compareCount"_s);
    m_problem = new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this);
    m_problem->setObjectName(u"compareFilterProblem"_s);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->hide();
    connect(m_tabs, &SegmentedChoice::chosen, this, [this](const QString &id) {
        const auto *found = std::find(std::begin(kTabIds), std::end(kTabIds), id);
        showTab(Tab(found - std::begin(kTabIds)));
    });
    connect(m_sources, &SegmentedChoice::chosen, this, [this](const QString &id) {
        const auto *found = std::find(std::begin(kSourceIds), std::end(kSourceIds), id);
        setSource(Source(found - std::begin(kSourceIds)));
    });
    connect(m_filter, &QLineEdit::textChanged, this, &ComparePanel::takeFilter);
    auto *bar = new QWidget(this);
    auto *layout = new QHBoxLayout(bar);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_tabs);
    layout->addSpacing(space::kOne);
    layout->addWidget(m_sources);
    layout->addWidget(m_filter, 1);
    layout->addWidget(m_count);
    return bar;
}

void ComparePanel::makeEmpty()
{
    m_empty = new EmptyState(QString(), QString(), this);
    m_showAll = m_empty->addPlainButton(tr("Show all runs"));
    m_newRun = m_empty->addPlainButton(tr("New run"));
    m_import = m_empty->addPlainButton(tr("Import a TensorBoard log directory…"));
    m_showAll->setObjectName(u"compareShowAll"_s);
    m_newRun->setObjectName(u"compareNewRun"_s);
    m_import->setObjectName(u"compareImport"_s);
    connect(m_showAll, &QPushButton::clicked, this, [this] {
        m_filter->clear();
        setSource(Source::All);
    });
    connect(m_newRun, &QPushButton::clicked, this, &ComparePanel::newRunRequested);
    connect(m_import, &QPushButton::clicked, this, &ComparePanel::importRequested);
}

void ComparePanel::setRun(const QString &run)
{
    m_run = run;
    m_values->setRun(run);
    m_lineage->setRun(run);
    updateActions();
}

void ComparePanel::setOverlaidRuns(const QStringList &runs)
{
    if (runs == m_overlaid) return;
    m_overlaid = runs;
    // One overlaid run is the one that is looked at: no comparison that anybody asked for.
    if (!m_isSourceChosen) {
        m_source = runs.size() > 1 ? Source::Overlaid : Source::All;
        m_sources->setCurrent(kSourceIds[size_t(m_source)]);
    }
    takeRuns();
}

void ComparePanel::chooseRuns(const QStringList &runs)
{
    m_chosen = runs;
    m_filter->clear();
    setSource(Source::Chosen);
}

void ComparePanel::setSource(Source source)
{
    m_source = source;
    m_isSourceChosen = true;
    m_sources->setCurrent(kSourceIds[size_t(source)]);
    takeRuns();
    Q_EMIT stateChanged();
}

void ComparePanel::showTab(Tab tab)
{
    m_tab = tab;
    m_tabs->setCurrent(kTabIds[size_t(tab)]);
    m_pages->setCurrentIndex(int(tab));
    giveRuns();
    updateActions();
    updateSummary();
    Q_EMIT stateChanged();
}

QStringList ComparePanel::selectedRuns() const { return m_values->selectedRuns(); }

QString ComparePanel::runForAction() const
{
    if (m_tab == Tab::Lineage && !m_lineage->run().isEmpty()) return m_lineage->run();
    const QStringList selected = selectedRuns();
    return selected.size() == 1 ? selected.first() : m_run;
}

void ComparePanel::takeRuns()
{
    wantSettings();
    const QStringList runs = filteredRuns();
    const bool isOther = runs != m_compared;
    m_compared = runs;
    if (isOther) giveRuns();
    showEmpty();
    if (isOther)
        updateActions();
    else if (m_ask)
        updateLeading(); // a step was saved
    updateSummary();
}

/// What the page in sight shows, and what it has to know for that.
void ComparePanel::giveRuns()
{
    QStringList known = m_compared;
    if (m_tab == Tab::Lineage) {
        m_lineage->setRuns(m_compared);
        for (const QString &member : m_lineage->members())
            if (!known.contains(member)) known << member;
    }
    m_feed->setRuns(known);
    m_values->setRuns(m_compared);
    if (m_tab == Tab::Values) {
        m_feed->setNeeds(m_values->needs());
    } else if (m_tab == Tab::Settings) {
        const QStringList selected = selectedRuns();
        const QStringList beside = selected.size() > 1 ? selected : m_compared;
        m_difference->setRuns(beside);
        m_feed->setNeeds({FactNeed::Settings}, beside.mid(0, DifferencePage::kMaxRuns));
    } else {
        m_feed->setNeeds({FactNeed::Settings}, m_lineage->members());
    }
    showProgress();
}

void ComparePanel::showEmpty()
{
    const bool hasRuns = !m_session.runs().empty();
    const bool isFiltered = !m_filter->text().trimmed().isEmpty();
    if (!hasRuns && m_session.connectionState() != ConnectionState::Connected)
        m_empty->setTexts(tr("Waiting for the engine …"), QString());
    else if (!hasRuns)
        m_empty->setTexts(tr("No runs yet"), tr("Final values, settings and branches of several runs stand here side by side."));
    else if (isFiltered)
        m_empty->setTexts(m_settings->isWaiting(m_query) ? tr("Reading settings …") : tr("No run matches"), noMatchText());
    else if (m_source == Source::Overlaid)
        m_empty->setTexts(tr("No run is overlaid"), tr("Those that the list of runs lays over each other stand here side by side."));
    else if (m_source == Source::Chosen)
        m_empty->setTexts(tr("No run is chosen"),
                          tr("Select some of all runs and choose “Compare only these” in their menu. What is imported is "
                             "chosen, too."));
    else
        m_empty->setTexts(tr("All runs are archived"), tr("Unarchive one in the list of runs to see it here."));
    m_showAll->setVisible(hasRuns && (isFiltered || m_source != Source::All));
    m_newRun->setVisible(!hasRuns);
    m_import->setVisible(!hasRuns);
    m_stack->setCurrentIndex(m_compared.isEmpty() ? 1 : 0);
    m_tabs->setEnabled(!m_compared.isEmpty());
    showFilter();
}

void ComparePanel::showProgress()
{
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    if (m_feed->isBusy() && isConnected && isVisible()) {
        setProgress(tr("Asking the engine about %1 …").arg(counted(m_compared.size(), tr("1 run"), tr("%1 runs"))),
                    m_feed->progress(), [this] { m_feed->cancel(); });
        return;
    }
    clearProgress();
    if (m_feed->isBusy()) return;
    if (m_feed->isCancelled() && m_feed->numFailed() > 0)
        banner()->showMessage(BannerKind::Info, tr("Not all of it was asked for: cancelled."),
                              tr("%1 lack something; their cells say what.")
                                  .arg(counted(m_feed->numFailed(), tr("1 run"), tr("%1 runs"))),
                              tr("Ask for the rest"));
    else if (m_feed->numFailed() > 0)
        banner()->showMessage(BannerKind::Error,
                              tr("Of %1 something could not be read; their cells say what.")
                                  .arg(counted(m_feed->numFailed(), tr("1 run"), tr("%1 runs"))),
                              m_feed->firstProblem(), tr("Retry"));
}

void ComparePanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    m_feed->setActive(true);
    takeRuns(); // nothing was asked for while it was hidden
    giveRuns();
}

void ComparePanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    m_feed->setActive(false);
}

} // namespace orrery::ui
