// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/log_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/text_export.h"
#include "widgets/runs/event_model.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/run_feed.h"

#include <QApplication>
#include <QLineEdit>

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxMessages = 1000;
constexpr int kMinWidthForOneRow = 620; ///< filter, kinds and buttons beside the tools

} // namespace

LogPanel::LogPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Log"), parent), m_feed(new RunFeed(session, this)), m_table(new EventTable(this))
{
    setObjectName(QStringLiteral("logPanel"));
    m_table->setMinimumHeight(80); // it stands under the curves, which need the height
    m_table->bar()->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setContent(m_table);
    connect(m_feed, &RunFeed::runChanged, this, &LogPanel::refill);
    connect(m_feed, &RunFeed::eventsAdded, m_table, &EventTable::appendEvents);
    connect(m_feed, &RunFeed::failed, this, [this](const Error &error) { banner()->showError(error); });
    const auto summarize = [this] {
        const int numEntries = m_table->model()->rowCount();
        setSummary(numEntries == 1 ? tr("1 entry") : tr("%1 entries").arg(integerText(numEntries)));
    };
    for (auto changed : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(m_table->model(), changed, this, summarize);
    connect(m_table->model(), &QAbstractItemModel::modelReset, this, summarize);
    summarize();
    connect(&session, &EngineSession::connectionChanged, this, [this, &session] {
        const bool wasSilent = std::exchange(m_wasSilent, session.loss().isSilent);
        // Said once, not with every attempt that fails.
        if (std::exchange(m_connection, session.connectionState()) == session.connectionState()) return;
        if (session.connectionState() == ConnectionState::Lost)
            addMessage(EventKind::Warning, (session.loss().isSilent ? tr("The engine does not answer. %1")
                                                                    : tr("The connection to the engine was lost. %1"))
                                               .arg(session.lastError()));
        else if (session.connectionState() == ConnectionState::Connected)
            addMessage(EventKind::Note, wasSilent ? tr("The engine answers again.") : tr("Connected to the engine."));
    });
    adoptFrame();
}

void LogPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = QStringLiteral("log");
    what.data = {QStringLiteral("csv")};
    what.save = [this](const QString &path) { return saveTextFile(m_table->csv(), path); };
    what.table = [this] { return m_table->csv(); };
    what.isEmpty = [this] { return m_table->model()->rowCount() == 0; };
    setExport(std::move(what));
    const QString run = QStringLiteral("run"), filter = QStringLiteral("filter"), kind = QStringLiteral("kind");
    setView({QStringLiteral("log"),
             [this, run, filter, kind] {
                 QVariantMap state{{run, m_feed->run()}, {filter, m_table->filterBox()->text()}};
                 if (m_table->kind() >= 0)
                     state[kind] = QLatin1String(eventKindName(EventKind(m_table->kind())));
                 return state;
             },
             [this, filter, kind](const QVariantMap &state) {
                 m_table->filterBox()->setText(state.value(filter).toString());
                 const EventKind shown = eventKindFromName(toStd(state.value(kind).toString()));
                 m_table->setKind(shown == EventKind::Unknown ? -1 : int(shown));
             }});
    setCommand([this] {
        return m_feed->run().isEmpty()
                   ? QString()
                   : engineCommand({QStringLiteral("watch"), m_feed->run(), QStringLiteral("--json")});
    });
    setHelp(tr("What happened to the selected run, step by step, and the messages of this window. It stays at "
               "its end until you scroll up."));
}

void LogPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    placeBar();
}

void LogPanel::placeBar()
{
    const bool isInTitle = width() >= kMinWidthForOneRow;
    if (isInTitle == std::exchange(m_isBarInTitle, isInTitle)) return;
    QWidget *bar = m_table->bar(), *focus = QApplication::focusWidget();
    const bool hasFocus = focus && bar->isAncestorOf(focus);
    if (isInTitle)
        addTitleWidget(bar);
    else
        m_table->takeBar();
    setTitleVisible(!isInTitle || !title().isEmpty()); // an empty one takes no room from the filter
    bar->show();
    if (hasFocus) focus->setFocus();
}

void LogPanel::setRun(const QString &run) { m_feed->setRun(run); }

void LogPanel::addMessage(EventKind kind, const QString &text)
{
    RunEvent message;
    message.wallTime = wallNow();
    message.kind = kind;
    message.text = toStd(text);
    message.step = m_feed->status() ? m_feed->status()->step : 0;
    if (m_messages.size() >= kMaxMessages) m_messages.erase(m_messages.begin());
    m_messages.push_back(message);
    m_table->appendEvents({message});
}

void LogPanel::refill()
{
    banner()->clear();
    m_table->clear();
    // Messages are about the window, not about one run; the newest stay in sight.
    const size_t numShown = std::min<size_t>(m_messages.size(), 20);
    m_table->appendEvents({m_messages.end() - static_cast<std::ptrdiff_t>(numShown), m_messages.end()});
}

} // namespace orrery::ui
