// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_feed.h"

#include <utility>

namespace orrery::memory_ui {

QString runOfModel(const QString &model)
{
    if (model.contains(u'/')) return {};
    const qsizetype at = model.lastIndexOf(u'@');
    return at > 0 ? model.left(at) : model;
}

void MemoryFeed::setModel(const QString &model)
{
    if (model == m_model) return;
    m_model = model;
    ++m_editNumber;
    ++m_lookNumber;
    ++m_compareNumber;
    m_editHandle.reset();
    m_lookHandle.reset();
    m_compareHandle.reset();
    m_edit.reset();
    m_isLooking = m_isComparing = false;
    endReading();
    Q_EMIT stateChanged();
}

void MemoryFeed::ask(const MemoryEdit &edit)
{
    if (isEditing() && edit.verb == MemoryVerb::List) return;
    m_editHandle.reset();
    m_edit = edit;
    const quint64 number = ++m_editNumber;
    auto handle =
        m_session.editMemory(m_model, edit, this, [this, number, edit](Result<MemoryReport> answer) {
            if (number != m_editNumber) return;
            // Kept until the answer was dealt with: it may lead to the next question.
            const std::unique_ptr<ui::PendingRequest> answeredHandle = std::move(m_editHandle);
            m_edit.reset();
            if (answer.ok())
                Q_EMIT answered(edit, answer.value());
            else
                Q_EMIT failed(edit, answer.error());
            Q_EMIT stateChanged();
        });
    if (number == m_editNumber && m_edit) m_editHandle = std::move(handle);
    Q_EMIT stateChanged();
}

void MemoryFeed::lookAt(const QString &model, const InspectRequest &request)
{
    m_lookHandle.reset();
    m_isLooking = true;
    const quint64 number = ++m_lookNumber;
    auto handle =
        m_session.inspect(model, request, this, [this, number, model](Result<InspectReport> answer) {
            if (number != m_lookNumber) return;
            const std::unique_ptr<ui::PendingRequest> answeredHandle = std::move(m_lookHandle);
            m_isLooking = false;
            if (answer.ok())
                Q_EMIT looked(model, answer.value());
            else
                Q_EMIT lookFailed(answer.error());
            Q_EMIT stateChanged();
        });
    if (number == m_lookNumber && m_isLooking) m_lookHandle = std::move(handle);
    Q_EMIT stateChanged();
}

void MemoryFeed::askSimilarity(int64_t maxEvents)
{
    m_compareHandle.reset();
    m_isComparing = true;
    const quint64 number = ++m_compareNumber;
    const MemoryEdit question{.verb = MemoryVerb::Similarity, .maxEvents = maxEvents};
    auto handle = m_session.editMemory(m_model, question, this, [this, number](Result<MemoryReport> answer) {
        if (number != m_compareNumber) return;
        const std::unique_ptr<ui::PendingRequest> answeredHandle = std::move(m_compareHandle);
        m_isComparing = false;
        if (answer.ok())
            Q_EMIT compared(answer.value());
        else
            Q_EMIT compareFailed(answer.error());
        Q_EMIT stateChanged();
    });
    if (number == m_compareNumber && m_isComparing) m_compareHandle = std::move(handle);
    Q_EMIT stateChanged();
}

void MemoryFeed::cancelLook()
{
    ++m_lookNumber;
    m_lookHandle.reset();
    if (std::exchange(m_isLooking, false)) Q_EMIT stateChanged();
}

void MemoryFeed::endReading()
{
    if (!m_reading) return;
    m_reading->disconnect(this);
    m_reading->cancel();
    m_reading.release()->deleteLater(); // it may be what just told us
}

void MemoryFeed::cancelReading()
{
    if (!m_reading) return;
    endReading();
    Q_EMIT stateChanged();
}

void MemoryFeed::read(const std::string &prompt)
{
    endReading();
    GenerateRequest request;
    request.prompt = prompt;
    // The least that will do: what has left the window is stored when the pass behind it begins, and that
    // reads the first of the two tokens.
    request.sampling.maxTokens = 2;
    request.sampling.numAlternatives = 0;
    m_reading = m_session.generate(m_model, request);
    connect(m_reading.get(), &ui::GenerationHandle::finished, this, [this] {
        endReading();
        Q_EMIT stateChanged();
        Q_EMIT wasRead();
    });
    connect(m_reading.get(), &ui::GenerationHandle::failed, this, [this](const Error &error) {
        const Error reason = error;
        endReading();
        Q_EMIT stateChanged();
        Q_EMIT readFailed(reason);
    });
    Q_EMIT stateChanged();
}

} // namespace orrery::memory_ui
