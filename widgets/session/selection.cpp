// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/selection.h"

namespace orrery::ui {

void Selection::set(const Focus &focus, QObject *by)
{
    if (focus == this->focus()) return;
    if (m_places.size() == 1 && this->focus().isEmpty()) {
        m_places.front() = focus; // nothing to go back to
    } else {
        m_places.resize(size_t(m_at) + 1);
        m_places.push_back(focus);
        if (m_places.size() > kMaxPlaces) m_places.erase(m_places.begin());
        m_at = int(m_places.size()) - 1;
    }
    Q_EMIT historyChanged();
    Q_EMIT changed(this->focus(), by);
}

void Selection::move(int64_t token, std::optional<HeadRef> head, QObject *by)
{
    Focus &here = m_places[size_t(m_at)];
    if (here.token == token && here.head == head) return;
    here.token = token;
    here.head = head;
    Q_EMIT changed(here, by);
}

void Selection::goBack()
{
    if (!canGoBack()) return;
    --m_at;
    Q_EMIT historyChanged();
    Q_EMIT changed(focus(), nullptr);
}

void Selection::goForward()
{
    if (!canGoForward()) return;
    ++m_at;
    Q_EMIT historyChanged();
    Q_EMIT changed(focus(), nullptr);
}

} // namespace orrery::ui
