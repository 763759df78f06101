// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/sessions_pane.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/play/session_delegate.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/session_list_model.h"
#include "widgets/theme/theme.h"

#include <QDate>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSearchDelayMs = 150, kDayCheckMs = 60'000;
constexpr size_t kMaxRemoved = 50;

} // namespace

SessionsPane::SessionsPane(PromptArchive &archive, SessionKeeper &keeper, QWidget *parent)
    : PanelFrame(tr("Prompt sessions"), parent), m_archive(archive), m_keeper(keeper),
      m_model(new SessionListModel(this)), m_view(new QListView(this)), m_search(new QLineEdit(this)),
      m_stack(new QStackedWidget(this))
{
    setObjectName(u"sessionsPane"_s);
    QToolButton *add = addTitleButton(u"plus"_s, tr("New session (Ctrl+Alt+N)"));
    add->setObjectName(u"newSession"_s);
    connect(add, &QToolButton::clicked, this, &SessionsPane::beginNew);
    m_undo = addTitleButton(u"undo"_s, tr("Nothing was deleted"));
    m_undo->setObjectName(u"bringBackSession"_s);
    connect(m_undo, &QToolButton::clicked, this, &SessionsPane::bringBack);
    QToolButton *more = addTitleButton(u"folder"_s, tr("Open a session file"));
    more->setObjectName(u"importSession"_s);
    connect(more, &QToolButton::clicked, this, &SessionsPane::askForImport);

    m_search->setObjectName(u"sessionSearch"_s);
    m_search->setPlaceholderText(tr("Search titles and texts"));
    m_search->setAccessibleName(m_search->placeholderText());
    m_search->setToolTip(m_search->placeholderText()); // the dock is narrow
    m_search->setClearButtonEnabled(true);
    m_view->setObjectName(u"sessionList"_s);
    m_view->setAccessibleName(tr("Prompt sessions"));
    m_view->setModel(m_model);
    m_view->setItemDelegate(new SessionDelegate(m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setMouseTracking(true);
    m_view->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_empty = new EmptyState(tr("No sessions yet"),
                             tr("What you write in Play and what the models answer is kept here by itself, "
                                "with every version."),
                             this);
    connect(m_empty->addPlainButton(tr("Write a prompt")), &QPushButton::clicked, this, &SessionsPane::beginNew);
    m_nothingFound = new EmptyState(tr("Nothing found"), QString(), this);
    connect(m_nothingFound->addPlainButton(tr("Show all sessions")), &QPushButton::clicked, m_search,
            &QLineEdit::clear);
    for (QWidget *page : std::initializer_list<QWidget *>{m_view, m_empty, m_nothingFound}) m_stack->addWidget(page);
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_search);
    layout->addWidget(m_stack, 1);
    setContent(content);
    setView({u"sessions"_s, [this] { return QVariantMap{{u"search"_s, m_search->text()}}; },
             [this](const QVariantMap &state) { m_search->setText(state.value(u"search"_s).toString()); }});
    setHelp(tr("Each session is a prompt or a conversation with all versions of its answers, their tokens and their "
               "settings. It is saved within a second of every change.\n\nSearch looks into titles, prompts and answers; "
               "Enter opens, F2 renames, Delete deletes, Ctrl+Z brings back."));
    makeActions();
    makeMenu();
    connectParts();
    updateState();
}

void SessionsPane::connectParts()
{
    m_searchTimer.setSingleShot(true);
    connect(&m_searchTimer, &QTimer::timeout, this, &SessionsPane::search);
    connect(m_search, &QLineEdit::textChanged, this, [this] { m_searchTimer.start(kSearchDelayMs); });
    connect(m_search, &QLineEdit::returnPressed, this, [this] {
        if (m_model->rowCount() > 1) m_view->setCurrentIndex(m_model->index(1, 0));
        m_view->setFocus(Qt::OtherFocusReason);
    });
    connect(m_view, &QListView::activated, this, &SessionsPane::openCurrent);
    connect(m_view, &QListView::clicked, this, &SessionsPane::openCurrent);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &SessionsPane::updateState);
    connect(m_model, &SessionListModel::renamed, this, &SessionsPane::rename);
    connect(&m_keeper, &SessionKeeper::currentChanged, this, [this](qint64 session) {
        m_model->setCurrent(session);
        select(session);
    });
    connect(&m_keeper, &SessionKeeper::saved, this, [this](const SessionEntry &entry) {
        if (!m_isListed) return;
        const qint64 chosen = selected() ? selected()->id : 0;
        m_model->update(entry, m_listedSearch.isEmpty());
        select(chosen != 0 ? chosen : entry.id);
        updateState();
    });
    m_dayTimer.setInterval(kDayCheckMs);
    connect(&m_dayTimer, &QTimer::timeout, this, [this, day = QDate::currentDate()]() mutable {
        if (day == QDate::currentDate()) return;
        day = QDate::currentDate();
        const qint64 chosen = selected() ? selected()->id : 0;
        m_model->regroup();
        select(chosen);
    });
    m_dayTimer.start();
    connect(&Theme::instance(), &Theme::changed, m_view, [this] { m_view->doItemsLayout(); });
}

void SessionsPane::makeActions()
{
    const auto add = [this](const QString &text, const char *name, const QList<QKeySequence> &keys, const QString &icon,
                            auto handler) {
        QAction *action = addPanelAction(*this, text, name, keys, handler);
        if (!icon.isEmpty()) bindIcon(action, icon);
        return action;
    };
    m_open = add(tr("Open"), "sessionOpen", {}, {}, [this] { openCurrent(); });
    m_rename = add(tr("Rename"), "sessionRename", {}, u"edit"_s, [this] { m_view->edit(m_view->currentIndex()); });
    m_pin = add(tr("Pin"), "sessionPin", {Qt::CTRL | Qt::Key_D}, u"star"_s, [this] { togglePin(); });
    m_copy = add(tr("Duplicate"), "sessionDuplicate", {Qt::CTRL | Qt::SHIFT | Qt::Key_D}, u"copy"_s,
                 [this] { duplicate(); });
    m_delete = add(tr("Delete"), "sessionDelete", {Qt::Key_Delete}, u"trash"_s, [this] { removeCurrent(); });
    m_bringBack = add(tr("Bring a deleted session back"), "sessionBringBack",
                      QKeySequence::keyBindings(QKeySequence::Undo), u"undo"_s, [this] { bringBack(); });
    add(tr("Search sessions"), "sessionFind", QKeySequence::keyBindings(QKeySequence::Find), u"search"_s, [this] {
        m_search->setFocus(Qt::ShortcutFocusReason);
        m_search->selectAll();
    });
    add(tr("Open a session file…"), "sessionImport", {}, u"folder"_s, [this] { askForImport(); });
}

void SessionsPane::makeMenu()
{
    m_export = new QMenu(tr("Export"), this);
    bindIcon(m_export->menuAction(), u"export"_s);
    m_export->addAction(tr("JSON, all of it…"), this, [this] { askForExport(u"json"_s, ExportedVersions::All); })
        ->setObjectName(u"sessionExportJson"_s);
    m_export->addAction(tr("Markdown, shown versions…"), this,
                        [this] { askForExport(u"md"_s, ExportedVersions::Shown); });
    m_export->addAction(tr("Markdown, all versions…"), this, [this] { askForExport(u"md"_s, ExportedVersions::All); });
    connect(m_view, &QListView::customContextMenuRequested, this, [this](const QPoint &at) {
        if (!selected()) return;
        auto *menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        menu->setObjectName(u"sessionMenu"_s);
        menu->addActions({m_open, m_rename, m_pin, m_copy});
        menu->addMenu(m_export);
        menu->addSeparator();
        menu->addAction(m_delete);
        menu->popup(m_view->viewport()->mapToGlobal(at));
    });
}

void SessionsPane::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    refresh();
}

void SessionsPane::refresh() { search(); }

void SessionsPane::search()
{
    m_searchTimer.stop();
    const QString text = m_search->text().simplified();
    const int number = ++m_numSearches;
    m_archive.list(text, this, [this, number, text](const Result<SessionListing> &reply) {
        if (number != m_numSearches) return;
        m_listedSearch = text;
        take(reply);
    });
}

void SessionsPane::take(const Result<SessionListing> &reply)
{
    if (std::exchange(m_isSearching, false)) clearProgress(); // of the search before
    if (!reply) return banner()->showError(reply.error());
    const qint64 chosen = selected() ? selected()->id : m_keeper.session();
    m_isListed = true;
    m_model->setEntries(reply->entries);
    m_model->setCurrent(m_keeper.session());
    select(chosen);
    m_mostUnread = reply->numUnread;
    searchOn(reply->numUnread);
    updateState();
    Q_EMIT listed();
}

void SessionsPane::searchOn(int numUnread)
{
    m_numUnread = numUnread;
    m_mostUnread = std::max(m_mostUnread, numUnread);
    if (numUnread == 0) {
        if (std::exchange(m_isSearching, false)) clearProgress();
        return;
    }
    m_isSearching = true;
    setProgress(numUnread == 1 ? tr("Searching, 1 session left") : tr("Searching, %1 sessions left").arg(integerText(numUnread)),
                1.0 - static_cast<double>(numUnread) / m_mostUnread, [this] { stopSearching(); });
    m_archive.searchOn(m_listedSearch, this, [this, number = m_numSearches](const Result<SessionListing> &reply) {
        if (number != m_numSearches || !m_isSearching) return;
        if (!reply) {
            stopSearching();
            return banner()->showError(reply.error());
        }
        const qint64 chosen = selected() ? selected()->id : 0;
        const int place = m_view->verticalScrollBar()->value();
        m_model->add(reply->entries);
        if (chosen != 0) select(chosen);
        m_view->verticalScrollBar()->setValue(place);
        searchOn(reply->numUnread);
        updateState();
    });
}

void SessionsPane::stopSearching()
{
    m_isSearching = false;
    clearProgress();
    updateState();
}

void SessionsPane::select(qint64 session)
{
    const QModelIndex at = m_model->indexOf(session);
    if (at == m_view->currentIndex()) return;
    m_view->setCurrentIndex(at);
    if (!at.isValid()) m_view->clearSelection();
}

const SessionEntry *SessionsPane::selected() const { return m_model->entry(m_view->currentIndex()); }

void SessionsPane::updateState()
{
    const SessionEntry *entry = selected();
    for (QAction *action : {m_open, m_rename, m_pin, m_copy, m_delete}) action->setEnabled(entry != nullptr);
    m_export->setEnabled(entry != nullptr);
    m_pin->setText(entry && entry->isPinned ? tr("Unpin") : tr("Pin"));
    const QString undo = m_removed.empty() ? tr("Nothing was deleted")
                                           : tr("Bring “%1” back (Ctrl+Z)").arg(sessionTitleText(m_removed.back()));
    m_undo->setEnabled(!m_removed.empty());
    m_undo->setToolTip(undo);
    m_undo->setAccessibleName(undo);
    m_bringBack->setEnabled(!m_removed.empty());
    const int number = m_model->numSessions();
    QString nothing = tr("Nothing found"), where = tr("No title, prompt or answer has “%1”.").arg(m_listedSearch);
    if (m_isSearching) {
        nothing = tr("Nothing found yet");
        where = tr("Older sessions are still searched for “%1”.").arg(m_listedSearch);
    } else if (m_numUnread > 0 && !m_listedSearch.isEmpty()) {
        where = m_numUnread == 1
                    ? tr("The search for “%1” was stopped before the last session.").arg(m_listedSearch)
                    : tr("The search for “%1” was stopped before the last %2 sessions.").arg(m_listedSearch, integerText(m_numUnread));
    }
    m_nothingFound->setTexts(nothing, where);
    m_stack->setCurrentIndex(number > 0 || !m_isListed ? 0 : m_listedSearch.isEmpty() ? 1 : 2);
    const QString count = number == 1 ? tr("1 session.") : tr("%1 sessions.").arg(integerText(number));
    setSummary(m_isSearching ? tr("%1 More may be found.").arg(count) : count);
}

void SessionsPane::beginNew()
{
    m_keeper.beginNew();
    Q_EMIT newRequested();
}

void SessionsPane::openCurrent()
{
    const SessionEntry *entry = selected();
    if (!entry) return;
    banner()->clear();
    const qint64 session = entry->id;
    m_keeper.open(session);
    Q_EMIT opened(session);
}

/// Renamed, pinned, copied or brought back.
void SessionsPane::takeEntry(const Result<SessionEntry> &reply)
{
    if (!reply) return banner()->showError(reply.error());
    m_keeper.takeEntry(*reply);
    const qint64 chosen = selected() ? selected()->id : 0;
    m_model->update(*reply, true);
    select(chosen != 0 ? chosen : reply->id);
    updateState();
}

void SessionsPane::rename(qint64 session, const QString &title)
{
    m_archive.rename(session, title, this, [this](const Result<SessionEntry> &reply) { takeEntry(reply); });
}

void SessionsPane::togglePin()
{
    if (const SessionEntry *entry = selected())
        m_archive.pin(entry->id, !entry->isPinned, this,
                      [this](const Result<SessionEntry> &reply) { takeEntry(reply); });
}

void SessionsPane::duplicate()
{
    const SessionEntry *entry = selected();
    if (!entry) return;
    const QString title = tr("%1 (copy)").arg(sessionTitleText(*entry));
    whenKept(entry->id, [this, session = entry->id, title] {
        m_archive.duplicate(session, title, this, [this](const Result<SessionEntry> &reply) {
            takeEntry(reply);
            if (reply) select(reply->id);
        });
    });
}

void SessionsPane::whenKept(qint64 session, std::function<void()> then)
{
    if (session != m_keeper.session()) return then();
    const QPointer<SessionsPane> guard(this);
    m_keeper.whenKept(
        [guard, then = std::move(then)] {
            if (guard) then();
        },
        [guard](const Error &error) {
            if (!guard) return;
            guard->clearProgress();
            guard->banner()->showError(error);
        });
}

void SessionsPane::removeCurrent()
{
    const SessionEntry *entry = selected();
    if (!entry) return;
    const SessionEntry gone = *entry;
    // What was written a moment ago comes back with it.
    if (gone.id == m_keeper.session()) m_keeper.leave();
    whenKept(gone.id, [this, gone] { remove(gone); });
}

void SessionsPane::remove(const SessionEntry &gone)
{
    m_archive.remove(gone.id, this, [this, gone](const Result<void> &reply) {
        if (!reply) return banner()->showError(reply.error());
        m_removed.push_back(gone);
        if (m_removed.size() > kMaxRemoved) m_removed.erase(m_removed.begin());
        const QModelIndex at = m_model->indexOf(gone.id);
        const int row = at.isValid() ? at.row() : m_view->currentIndex().row();
        m_model->remove(gone.id);
        // The next one of the list, so that several go one after another.
        QModelIndex next = m_model->index(std::min(row, m_model->rowCount() - 1), 0);
        if (next.isValid() && !m_model->entry(next)) next = m_model->index(row + 1, 0);
        if (!next.isValid() || !m_model->entry(next)) next = m_model->index(m_model->rowCount() - 1, 0);
        m_view->setCurrentIndex(next);
        if (gone.id == m_keeper.session()) m_keeper.letGo();
        updateState();
    });
}

void SessionsPane::bringBack()
{
    if (m_removed.empty()) return;
    const SessionEntry gone = m_removed.back();
    m_removed.pop_back();
    m_archive.bringBack(gone.id, this, [this, gone](const Result<SessionEntry> &reply) {
        takeEntry(reply);
        if (reply) return select(gone.id);
        if (reply.error().code == ErrorCode::NotFound) return;
        m_removed.push_back(gone); // it can be tried again
        updateState();
    });
    updateState();
}

} // namespace orrery::ui
