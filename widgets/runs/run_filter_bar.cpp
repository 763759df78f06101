// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_filter_bar.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/run_query.h"
#include "widgets/runs/word_completer.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QActionGroup>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <array>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr std::array kGroupings = {RunGrouping::None, RunGrouping::State,  RunGrouping::Tag,
                                   RunGrouping::Day,  RunGrouping::Parent, RunGrouping::Directory};
constexpr std::array kOrders = {RunOrder::Newest, RunOrder::Name, RunOrder::BestValLoss,
                                RunOrder::LastReport};

QString groupingText(RunGrouping grouping)
{
    switch (grouping) {
    case RunGrouping::None:
        return RunFilterBar::tr("Nothing");
    case RunGrouping::State:
        return RunFilterBar::tr("State");
    case RunGrouping::Tag:
        return RunFilterBar::tr("Tag");
    case RunGrouping::Day:
        return RunFilterBar::tr("Day it was made");
    case RunGrouping::Parent:
        return RunFilterBar::tr("Run it was branched from");
    case RunGrouping::Directory:
        return RunFilterBar::tr("Directory");
    }
    return {};
}

QString orderText(RunOrder order)
{
    switch (order) {
    case RunOrder::Newest:
        return RunFilterBar::tr("Newest first");
    case RunOrder::Name:
        return RunFilterBar::tr("Name");
    case RunOrder::BestValLoss:
        return RunFilterBar::tr("Best checkpoint");
    case RunOrder::LastReport:
        return RunFilterBar::tr("Last report");
    }
    return {};
}

} // namespace

QString groupingKey(RunGrouping grouping)
{
    constexpr std::array keys = {"none", "state", "tag", "day", "parent", "directory"};
    return QLatin1String(keys[static_cast<size_t>(grouping)]);
}

RunGrouping groupingFromKey(const QString &key)
{
    for (const RunGrouping grouping : kGroupings)
        if (groupingKey(grouping) == key) return grouping;
    return RunGrouping::None;
}

QString orderKey(RunOrder order)
{
    constexpr std::array keys = {"newest", "name", "best_val_loss", "last_report"};
    return QLatin1String(keys[static_cast<size_t>(order)]);
}

RunOrder orderFromKey(const QString &key)
{
    for (const RunOrder order : kOrders)
        if (orderKey(order) == key) return order;
    return RunOrder::Newest;
}

RunFilterBar::RunFilterBar(std::function<QStringList()> tags, QWidget *parent)
    : QWidget(parent), m_tags(std::move(tags)), m_line(new QLineEdit(this)),
      m_button(makeIconButton(u"filter"_s, tr("Filter, group and sort"), this)), m_menu(new QMenu(this)),
      m_problem(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this))
{
    m_line->setAccessibleName(tr("Filter runs by name or state"));
    m_line->setPlaceholderText(tr("Filter runs"));
    m_line->setToolTip(m_line->placeholderText() + u'\n' + runFilterHelp()); // there may be no room for it
    m_line->setClearButtonEnabled(true);
    m_line->setObjectName(u"runFilter"_s);
    new WordCompleter(*m_line, u' ',
                      [this](const QString &word) { return RunQuery::completions(word, m_tags()); });
    m_button->setObjectName(u"runFilterMenu"_s);
    m_button->setMenu(m_menu);
    m_button->setPopupMode(QToolButton::InstantPopup);
    m_menu->setObjectName(u"runFilterChoices"_s);
    m_problem->setObjectName(u"runFilterProblem"_s);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setMinimumWidth(80);
    m_problem->hide();
    auto *row = new QHBoxLayout;
    row->setSpacing(space::kHalf);
    row->addWidget(m_line, 1);
    row->addWidget(m_button);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(row);
    layout->addWidget(m_problem);
    connect(m_line, &QLineEdit::textChanged, this, &RunFilterBar::filterChanged);
    connect(m_menu, &QMenu::aboutToShow, this, &RunFilterBar::fillMenu);
}

QString runFilterHelp()
{
    return RunFilterBar::tr(
        "Words look for runs by name, state, tag or directory. Tokens say more: tag:baseline, state:failed, "
        "has:alarm, is:live, is:archived, is:any; a minus in front means not. Numbers are compared: val<1.5, best<1.4, "
        "loss<2, step>=2k, time>2h. Settings, too: lr:0.001, optimizer.lr>1e-3, seed:3.");
}

void RunFilterBar::setProblem(const QString &problem)
{
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_line->setAccessibleDescription(problem);
}

void RunFilterBar::setGrouping(RunGrouping grouping) { m_grouping = grouping; }

void RunFilterBar::setOrder(RunOrder order) { m_order = order; }

void RunFilterBar::addToken(QMenu &menu, const QString &text, const QString &token)
{
    QAction *action = menu.addAction(text);
    action->setCheckable(true);
    action->setChecked(RunQuery::contains(m_line->text(), token));
    action->setToolTip(token);
    connect(action, &QAction::triggered, this,
            [this, token] { m_line->setText(RunQuery::toggled(m_line->text(), token)); });
}

void RunFilterBar::addArchive()
{
    QMenu *archive = m_menu->addMenu(tr("Archived runs"));
    auto *choices = new QActionGroup(archive);
    const RunQuery query = RunQuery::parse(m_line->text());
    const bool isOnly = RunQuery::contains(m_line->text(), u"is:archived"_s);
    const auto add = [&](const QString &text, const QString &token, bool isNow) {
        QAction *action = archive->addAction(text);
        action->setCheckable(true);
        action->setChecked(isNow);
        choices->addAction(action);
        connect(action, &QAction::triggered, this, [this, token] {
            QString filter = m_line->text();
            for (const QString &other : {u"is:archived"_s, u"is:any"_s})
                if (RunQuery::contains(filter, other)) filter = RunQuery::toggled(filter, other);
            m_line->setText(token.isEmpty() ? filter : RunQuery::toggled(filter, token));
        });
    };
    add(tr("Hidden"), {}, !query.wantsArchived());
    add(tr("Shown with the others"), u"is:any"_s, query.wantsArchived() && !isOnly);
    add(tr("Only these"), u"is:archived"_s, isOnly);
}

void RunFilterBar::fillMenu()
{
    qDeleteAll(m_menu->findChildren<QMenu *>(QString(), Qt::FindDirectChildrenOnly)); // clear() leaves them
    m_menu->clear();
    QMenu *states = m_menu->addMenu(tr("State"));
    for (const RunState state : {RunState::Running, RunState::Paused, RunState::Finished, RunState::Stopped,
                                 RunState::Failed, RunState::Crashed, RunState::Created})
        addToken(*states, runStateWord(state), RunQuery::stateToken(state));
    QMenu *tags = m_menu->addMenu(tr("Tag"));
    const QStringList inUse = m_tags();
    for (const QString &tag : inUse)
        addToken(*tags, QString(tag).replace(u'&', u"&&"_s), RunQuery::tagToken(tag));
    if (inUse.isEmpty()) tags->addAction(tr("No run has a tag yet"))->setEnabled(false);
    addToken(*m_menu, tr("With an alarm"), u"has:alarm"_s);
    addToken(*m_menu, tr("Live"), u"is:live"_s);
    addArchive();
    m_menu->addSeparator();
    QMenu *grouping = m_menu->addMenu(tr("Group by"));
    auto *groupChoices = new QActionGroup(grouping);
    for (const RunGrouping one : kGroupings) {
        QAction *action = groupChoices->addAction(grouping->addAction(groupingText(one)));
        action->setCheckable(true);
        action->setChecked(one == m_grouping);
        connect(action, &QAction::triggered, this, [this, one] { Q_EMIT groupingChosen(one); });
    }
    QMenu *order = m_menu->addMenu(tr("Sort by"));
    auto *orderChoices = new QActionGroup(order);
    for (const RunOrder one : kOrders) {
        QAction *action = orderChoices->addAction(order->addAction(orderText(one)));
        action->setCheckable(true);
        action->setChecked(one == m_order);
        connect(action, &QAction::triggered, this, [this, one] { Q_EMIT orderChosen(one); });
    }
    if (m_grouping == RunGrouping::None) return;
    connect(m_menu->addAction(tr("Open all groups")), &QAction::triggered, this,
            [this] { Q_EMIT openAllChosen(true); });
    connect(m_menu->addAction(tr("Close all groups")), &QAction::triggered, this,
            [this] { Q_EMIT openAllChosen(false); });
}

} // namespace orrery::ui
