// SPDX-License-Identifier: GPL-3.0-or-later
// The one thing that the whole window looks at: which model reads which text, at which token, by which head.
// Whoever is clicked sets it; every open dock follows. Goes back and forward like a browser. One per window,
// owned by it, handed to panels by reference. GUI thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

namespace orrery::ui {

/// A text and the place in it that somebody asks about. Values, but for the text, which is shared because it
/// may be long.
struct Focus {
    QString model; ///< "RUN@8000", "RUN@live" or a directory; as EngineSession::inspect takes it
    QString title; ///< what the text is called: "Probe prompt 0", "Answer 3"
    /// What is read: a prompt or the turns of a conversation, with the tokens of the answer in answerIds.
    /// Null: no text yet.
    std::shared_ptr<const GenerateRequest> text;
    /// Place of the token that looks, counted over all that is read: attention, reads and what is likely next
    /// are asked behind it. What was said there is the token after it. −1: the last one read.
    int64_t token = -1;
    std::optional<HeadRef> head;

    [[nodiscard]] bool isEmpty() const { return model.isEmpty() || !text; }
    /// The same model and the same text (the object, not its bytes).
    [[nodiscard]] bool isSameText(const Focus &other) const
    {
        return model == other.model && text == other.text;
    }
    bool operator==(const Focus &other) const
    {
        return isSameText(other) && token == other.token && head == other.head && title == other.title;
    }
};

class Selection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] const Focus &focus() const { return m_places[size_t(m_at)]; }
    /// @param by who sets it, so that it can leave its own echo alone; may be null
    void set(const Focus &focus, QObject *by);
    /// Another token or head of the same text: takes the place of the entry before, so that going through a
    /// text with the arrows does not fill the history.
    void move(int64_t token, std::optional<HeadRef> head, QObject *by);
    [[nodiscard]] bool canGoBack() const { return m_at > 0; }
    [[nodiscard]] bool canGoForward() const { return m_at + 1 < int(m_places.size()); }
    void goBack();
    void goForward();

Q_SIGNALS:
    void changed(const orrery::ui::Focus &focus, QObject *by);
    void historyChanged();

private:
    static constexpr size_t kMaxPlaces = 200;
    std::vector<Focus> m_places{Focus{}};
    int m_at = 0;
};

} // namespace orrery::ui
