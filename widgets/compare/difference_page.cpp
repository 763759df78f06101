// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/difference_page.h"

#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/run_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_delegate.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/difference_model.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 60, kMaxColumnWidth = 260, kMinColumnWidth = 90;

} // namespace

DifferencePage::DifferencePage(CompareFeed &feed, QWidget *parent)
    : QWidget(parent), m_feed(feed), m_model(new DifferenceModel(this)), m_view(new QTableView(this)),
      m_search(new QLineEdit(this)), m_all(new QCheckBox(tr("All settings"), this)), m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(QString(), QString(), this)),
      m_note(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this))
{
    setObjectName(u"differencePage"_s);
    m_view->setModel(m_model);
    styleTable(m_view);
    m_view->setItemDelegate(new CompareDelegate(m_view));
    m_view->setObjectName(u"differenceTable"_s);
    m_view->setAccessibleName(tr("Settings of the compared runs"));
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->horizontalHeader()->setStretchLastSection(false);
    m_view->horizontalHeader()->setTextElideMode(Qt::ElideMiddle);
    m_search->setObjectName(u"differenceSearch"_s);
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setAccessibleName(tr("Search settings of the compared runs"));
    m_search->setClearButtonEnabled(true);
    m_all->setObjectName(u"differenceAll"_s);
    m_all->setToolTip(tr("Also those that all of these runs have in common"));
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(80);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);

    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kOne);
    bar->addWidget(m_search, 1);
    bar->addWidget(m_all);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);
    layout->addWidget(m_note);

    connect(m_search, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_model->setFilter(text.trimmed());
        showState();
    });
    connect(m_all, &QCheckBox::toggled, this, [this](bool showsAll) {
        m_model->setShowsAll(showsAll);
        showState();
    });
    connect(m_model, &QAbstractItemModel::modelReset, this, &DifferencePage::layOut);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(&m_timer, &QTimer::timeout, this, &DifferencePage::take);
    connect(&feed, &CompareFeed::factsChanged, this, [this](const QString &run) {
        if (m_runs.contains(run) && !m_timer.isActive()) m_timer.start();
    });
    connect(&feed, &CompareFeed::progressed, this, &DifferencePage::showState);
    showState();
}

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
        m_empty->setTexts(tr("Choose two runs or more"),
                          tr("What sets them apart stands here. Select them in the table of values (Ctrl+click), or let the "
                             "filter leave a few."));
    else if (isWaiting && m_model->rowCount() == 0)
        m_empty->setTexts(tr("Reading the settings …"), QString());
    else if (!m_search->text().trimmed().isEmpty())
        m_empty->setTexts(tr("No setting matches"),
                          tr("No setting that %1 has “%2” in its name or key.")
                              .arg(m_all->isChecked() ? tr("these runs have") : tr("differs"), m_search->text().trimmed()));
    else if (numRead < 2)
        m_empty->setTexts(tr("Nothing to compare"),
                          tr("Fewer than two of these runs have settings that can be read; below it says why."));
    else
        m_empty->setTexts(tr("No setting differs"),
                          tr("These runs have the same settings, the seed too. Tick “All settings” to see them."));
    const bool hasRows = number >= 2 && m_model->rowCount() > 0;
    m_stack->setCurrentIndex(hasRows ? 0 : 1);
    m_search->setEnabled(number >= 2);
    m_all->setEnabled(number >= 2);

    QStringList notes;
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

void DifferencePage::layOut()
{
    m_view->clearSpans();
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (m_model->isHeading(row) && m_model->columnCount() > 1) m_view->setSpan(row, 0, 1, m_model->columnCount());
    const QFontMetrics base(typeFont(TypeSize::Base)), heading(typeFont(TypeSize::Heading));
    for (int column = 0; column < m_model->columnCount(); ++column) {
        int width = heading.horizontalAdvance(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) +
                    3 * space::kOne + 12;
        for (int row = 0; row < m_model->rowCount(); ++row)
            if (!m_model->isHeading(row))
                width = std::max(width, base.horizontalAdvance(m_model->index(row, column).data().toString()) +
                                            2 * space::kOne + 4);
        m_view->setColumnWidth(column, std::clamp(width, kMinColumnWidth, kMaxColumnWidth));
    }
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
