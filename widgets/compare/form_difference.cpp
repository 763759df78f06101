// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/form_difference.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/compare_text.h"
#include "widgets/compare/difference_model.h"
#include "widgets/compare/difference_table.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QCheckBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 60;
constexpr size_t kRunColumn = 0, kFormColumn = 1;

} // namespace

FormDifference::FormDifference(EngineSession &session, std::function<QString()> form, QWidget *parent)
    : QDialog(parent), m_session(session), m_form(std::move(form)),
      m_table(new DifferenceTable({u"formDifference"_s, tr("Settings of the run and of the form"),
                                   tr("Search settings of the run and of the form"),
                                   tr("Also those that run and form have in common")},
                                  this)),
      m_model(m_table->model()), m_view(m_table->view()),
      m_headline(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this)), m_banner(new Banner(this)),
      m_take(new QPushButton(this)), m_open(new QPushButton(tr("Open the form"), this))
{
    setObjectName(u"formDifference"_s);
    setWindowTitle(tr("Difference to the form"));
    resize(680, 520);
    m_view->horizontalHeader()->setStretchLastSection(true);
    m_headline->setWordWrap(true);
    m_headline->setObjectName(u"formDifferenceCount"_s);
    m_take->setObjectName(u"formDifferenceTake"_s);
    m_open->setObjectName(u"formDifferenceOpen"_s);
    auto *copy = new QAction(tr("Copy table"), m_view);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(copy);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    makeLayout();

    connect(copy, &QAction::triggered, this, [this] { copyToClipboard(tableAsTsv(*m_model, {}, compare_role::Exact)); });
    connect(m_table, &DifferenceTable::chosen, this, &FormDifference::showState);
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this, &FormDifference::showState);
    connect(m_banner, &Banner::retryRequested, this, &FormDifference::read);
    connect(m_open, &QPushButton::clicked, this, &FormDifference::formRequested);
    connect(m_take, &QPushButton::clicked, this, [this] { Q_EMIT valuesTaken(values(), m_title); });
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(&m_timer, &QTimer::timeout, this, &FormDifference::showForm);
    showState();
}

void FormDifference::makeLayout()
{
    auto *close = new QPushButton(tr("Close"), this);
    close->setObjectName(u"formDifferenceClose"_s);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    makePrimary(m_take);
    auto *buttons = new WrapRow(Qt::AlignRight);
    for (QPushButton *button : {m_open, close, m_take}) buttons->addWidget(button);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_headline);
    layout->addWidget(m_banner);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
}

QLineEdit *FormDifference::searchBox() const { return m_table->searchBox(); }

QCheckBox *FormDifference::allBox() const { return m_table->allBox(); }

void FormDifference::setRun(const QString &run)
{
    if (run == m_run && (m_settings || m_banner->isHidden())) return showForm(); // it is not followed while nobody looks
    m_run = run;
    m_title = run;
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == run) m_title = runTitle(status);
    m_settings.reset();
    m_model->setRuns({});
    read();
}

void FormDifference::read()
{
    m_banner->clear();
    showState();
    m_session.getSpec(m_run, this, [this, run = m_run](const Result<QString> &spec) {
        if (run != m_run) return; // another one is looked at by now
        if (spec)
            take(readRunSettings(*spec));
        else
            m_banner->showError(spec.error(), tr("Retry"));
        showState();
    });
}

void FormDifference::take(const RunSettings::Ptr &settings)
{
    m_settings = settings;
    if (!settings->importedFrom.isEmpty())
        m_banner->showMessage(BannerKind::Warning, tr("“%1” was imported from another program's log and has no settings.").arg(m_title));
    else if (!settings->problem.isEmpty())
        m_banner->showMessage(BannerKind::Warning, settings->problem);
    showForm();
}

void FormDifference::formChanged()
{
    if (isVisible() && !m_timer.isActive()) m_timer.start();
}

void FormDifference::showForm()
{
    if (!m_settings) return;
    const QList<std::pair<QString, QString>> chosen = m_view->selectionModel()->hasSelection() ? values() : QList<std::pair<QString, QString>>();
    m_model->setRuns({{m_run, m_title, m_settings}, {QString(), tr("Form"), readRunSettings(m_form())}});
    for (const auto &[key, value] : chosen) // rows came anew
        for (int row = 0; row < m_model->rowCount(); ++row)
            if (m_model->index(row, 0).data(compare_role::Key).toString() == key)
                m_view->selectionModel()->select(m_model->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    showState();
}

QList<std::pair<QString, QString>> FormDifference::values() const
{
    QStringList wanted;
    for (const QModelIndex &index : m_view->selectionModel()->selectedRows())
        wanted << index.data(compare_role::Key).toString();
    wanted.removeAll(QString()); // headings
    QList<std::pair<QString, QString>> values;
    for (const DifferenceRow &row : m_model->rows()) {
        if (row.cells.size() <= kFormColumn || !row.isDifferent || (!wanted.isEmpty() && !wanted.contains(row.key))) continue;
        if (row.cells[kRunColumn].isKnown) values.append({row.key, row.cells[kRunColumn].text});
    }
    return values;
}

void FormDifference::showState()
{
    const bool isRead = m_settings && m_settings->hasSettings();
    const bool isWaiting = !m_settings && m_banner->isHidden();
    if (isWaiting)
        m_table->empty()->setTexts(tr("Reading the settings …"), QString());
    else if (!isRead)
        m_table->empty()->setTexts(tr("Nothing to compare"), tr("The settings of the run could not be read; above it says why."));
    else if (!m_table->searched().isEmpty())
        m_table->empty()->setTexts(tr("No setting matches"), tr("Nothing has “%1” in its name or key.").arg(m_table->searched()));
    else
        m_table->empty()->setTexts(tr("No setting differs"),
                          tr("Started now, the form gives a run with the settings of “%1”. Tick “All settings” to see them.").arg(m_title));
    m_table->showRows(isRead && m_model->rowCount() > 0);
    m_headline->setText(isRead ? tr("“%1” and the form of a new run: %2")
                                     .arg(m_title, counted(m_model->numDifferent(), tr("1 setting differs"), tr("%1 settings differ")))
                               : tr("“%1” and the form of a new run").arg(m_title));
    const auto number = values().size();
    const bool isChosen = m_view->selectionModel()->hasSelection() && number > 0;
    m_take->setText(isChosen && number == 1 ? tr("Take the chosen one into the form")
                    : isChosen              ? tr("Take the chosen %1 into the form").arg(integerText(number))
                                            : tr("Take all into the form"));
    m_take->setEnabled(number > 0);
    m_take->setToolTip(number > 0 ? tr("The values of the run replace those of the form; the form can take it back")
                                  : tr("There is nothing to take: no setting of the run differs."));
}

} // namespace orrery::ui
