// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel asks of a model: its memory, how alike its events are, a look inside, a text to read. One
// question of each kind at a time; a new one takes the place of the one before, and an answer of another
// model or to an older question never comes. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <memory>
#include <optional>

namespace orrery::memory_ui {

/// "code-7M@800" is of the run code-7M; a directory is of none.
QString runOfModel(const QString &model);

class MemoryFeed : public QObject {
    Q_OBJECT
public:
    MemoryFeed(ui::EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}
    /// Drops all that is under way for another model.
    void setModel(const QString &model);
    [[nodiscard]] const QString &model() const { return m_model; }
    /// A list never takes the place of an edit: its answer is the list after it.
    void ask(const MemoryEdit &edit);
    /// At a text, or at what the window looks at, which may be read by another model.
    void lookAt(const QString &model, const InspectRequest &request);
    void askSimilarity(int64_t maxEvents);
    void cancelLook();
    void cancelReading();
    /// The model reads the text, so that its memory holds what leaves the window.
    void read(const std::string &prompt);
    [[nodiscard]] const std::optional<MemoryEdit> &edit() const { return m_edit; } ///< under way
    [[nodiscard]] bool isAsking() const { return m_edit.has_value(); }
    [[nodiscard]] bool isEditing() const { return m_edit && m_edit->verb != MemoryVerb::List; }
    [[nodiscard]] bool isLooking() const { return m_isLooking; }
    [[nodiscard]] bool isComparing() const { return m_isComparing; }
    [[nodiscard]] bool isReading() const { return m_reading != nullptr; }

Q_SIGNALS:
    void answered(const orrery::MemoryEdit &edit, const orrery::MemoryReport &report);
    void failed(const orrery::MemoryEdit &edit, const orrery::Error &error);
    /// @param model that was asked, which may be another one than model()
    void looked(const QString &model, const orrery::InspectReport &report);
    void lookFailed(const orrery::Error &error);
    void compared(const orrery::MemoryReport &report);
    void compareFailed(const orrery::Error &error);
    void wasRead();
    void readFailed(const orrery::Error &error);
    void stateChanged();

private:
    void endReading();

    ui::EngineSession &m_session;
    QString m_model;
    std::unique_ptr<ui::PendingRequest> m_editHandle, m_lookHandle, m_compareHandle;
    std::unique_ptr<ui::GenerationHandle> m_reading;
    std::optional<MemoryEdit> m_edit;
    quint64 m_editNumber = 0, m_lookNumber = 0, m_compareNumber = 0;
    bool m_isLooking = false, m_isComparing = false;
};

} // namespace orrery::memory_ui
