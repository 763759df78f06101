// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/difference_page.h"

#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/difference_model.h"
#include "widgets/compare/difference_table.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 60;

} // namespace

DifferencePage::DifferencePage(CompareFeed &feed, QWidget *parent)
    : QWidget(parent), m_feed(feed), m_table(new DifferenceTable({u"difference"_s, tr("Settings of the compared runs"),
                                                                   tr("Search settings of the compared runs"),
                                                                   tr("Also those that all of these runs have in common")},
                                                                  this)),
      m_model(m_table->model()), m_view(m_table->view()),
      m_note(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this))
{
    setObjectName(u"differencePage"_s);
    m_view->horizontalHeader()->setStretchLastSection(false);
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(80);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_note);

    connect(m_table, &DifferenceTable::chosen, this, &DifferencePage::showState);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(&m_timer, &QTimer::timeout, this, &DifferencePage::take);
    connect(&feed, &CompareFeed::factsChanged, this, [this](const QString &run) {
        if (m_runs.contains(run) && !m_timer.isActive()) m_timer.start();
    });
    connect(&feed, &CompareFeed::progressed, this, &DifferencePage::showState);
    showState();
}

QLineEdit *DifferencePage::searchBox() const { return m_table->searchBox(); }

QCheckBox *DifferencePage::allBox() const { return m_table->allBox(); }

void DifferencePage::setRuns(const QStringList &runs)
{
    if (runs == m_runs) return;
    m_runs = runs;
    take();
}

void DifferencePage::take()
{
    std::vector<ComparedRun> compared;
    for (const QString &run : m_runs.mid(0, kMaxRuns)) {
        const CompareFacts *facts = m_feed.facts(run);
        compared.push_back({run, facts ? runTitle(facts->status) : run,
                            facts && facts->settings.value ? *facts->settings.value : nullptr});
    }
    const auto &before = m_model->runs();
    const bool isSame = std::equal(before.begin(), before.end(), compared.begin(), compared.end(),
                                   [](const ComparedRun &a, const ComparedRun &b) {
                                       return a.run == b.run && a.title == b.title && a.settings == b.settings;
                                   });
    if (!isSame) m_model->setRuns(std::move(compared)); // not whenever one of them reports
    showState();
}

void DifferencePage::showState()
{
    const auto number = qint64(m_model->runs().size());
    const bool isWaiting = std::any_of(m_model->runs().begin(), m_model->runs().end(),
                                       [](const ComparedRun &run) { return !run.settings; }) && m_feed.isBusy();
    const auto numRead = std::count_if(m_model->runs().begin(), m_model->runs().end(), [](const ComparedRun &run) {
        return run.settings && run.settings->hasSettings();
    });
    if (number < 2)
        m_table->empty()->setTexts(tr("Choose two runs or more"),
                          tr("What sets them apart stands here. Select them in the table of values (Ctrl+click), or let the "
                             "filter leave a few."));
    else if (isWaiting && m_model->rowCount() == 0)
        m_table->empty()->setTexts(tr("Reading the settings …"), QString());
    else if (!m_table->searched().isEmpty())
        m_table->empty()->setTexts(tr("No setting matches"),
                          tr("No setting that %1 has “%2” in its name or key.")
                              .arg(m_table->allBox()->isChecked() ? tr("these runs have") : tr("differs"), m_table->searched()));
    else if (numRead < 2)
        m_table->empty()->setTexts(tr("Nothing to compare"),
                          tr("Fewer than two of these runs have settings that can be read; below it says why."));
    else
        m_table->empty()->setTexts(tr("No setting differs"),
                          tr("These runs have the same settings, the seed too. Tick “All settings” to see them."));
    const bool hasRows = number >= 2 && m_model->rowCount() > 0;
    m_table->showRows(hasRows);
    m_table->setSearchable(number >= 2);

    QStringList notes;
    if (hasRows && numRead > 1)
        notes << tr("Coloured values differ from those of “%1”.").arg(m_model->runs().front().title);
    if (m_runs.size() > kMaxRuns)
        notes << tr("The first %1 of %2 runs; select those that you want to see.").arg(kMaxRuns).arg(integerText(m_runs.size()));
    for (const ComparedRun &run : m_model->runs()) {
        const CompareFacts *facts = m_feed.facts(run.run);
        const QString problem = run.settings ? run.settings->problem : facts ? facts->settings.problem : QString();
        if (run.settings && !run.settings->importedFrom.isEmpty())
            notes << tr("“%1” was imported and has no settings.").arg(run.title);
        else if (!problem.isEmpty())
            notes << tr("“%1”: %2").arg(run.title, problem);
    }
    m_note->setText(notes.join(u'\n'));
    m_note->setVisible(!notes.isEmpty() && number >= 2);
    Q_EMIT summaryChanged();
}

QList<int> DifferencePage::selectedRows() const
{
    QList<int> rows;
    for (const QModelIndex &index : m_view->selectionModel()->selectedRows()) rows << index.row();
    std::sort(rows.begin(), rows.end());
    return rows;
}

QString DifferencePage::setArgumentsText() const
{
    if (m_model->runs().size() < 2) return {};
    const int column = m_view->currentIndex().column();
    const size_t to = column > 1 && column < m_model->columnCount() ? size_t(column) - 1 : 1;
    QStringList wanted;
    for (const int row : selectedRows()) wanted << m_model->index(row, 0).data(compare_role::Key).toString();
    wanted.removeAll(QString());
    std::vector<DifferenceRow> rows;
    for (const DifferenceRow &row : m_model->rows())
        if (wanted.isEmpty() || wanted.contains(row.key)) rows.push_back(row);
    QStringList quoted;
    for (const QString &argument : setArguments(rows, 0, to)) quoted << shellQuoted(argument);
    return quoted.join(u' ');
}

QString DifferencePage::summary() const
{
    const auto number = qint64(m_model->runs().size());
    if (number < 2) return tr("Fewer than two runs are chosen.");
    return tr("%1 between %2").arg(counted(m_model->numDifferent(), tr("1 setting differs"), tr("%1 settings differ")),
                                   counted(number, tr("1 run"), tr("%1 runs")));
}

} // namespace orrery::ui
