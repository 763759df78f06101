// SPDX-License-Identifier: GPL-3.0-or-later
// A text as the tokenizer of a model cuts it: each token on a ground of its own, with id, place and bytes
// under the pointer or the caret, and how many there are. Asks the engine a moment after the text has
// changed; only the newest answer counts. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QWidget>

#include <memory>
#include <optional>

class QPlainTextEdit;
class QTimer;

namespace orrery::ui {

class ToneLabel;

/// Bytes of a text whose tokens are shown; people look at no more.
inline constexpr qsizetype kMaxShownTokenBytes = 32 << 10;
/// Tokens that are drawn; the text editor takes time for each that grows with their number.
inline constexpr size_t kMaxShownTokens = 1'000;

class TokensPane : public QWidget {
    Q_OBJECT
public:
    explicit TokensPane(EngineSession &session, QWidget *parent = nullptr);
    /// Nothing is asked while the pane is hidden. @param model as EngineSession::tokenize; empty: none
    void setInput(const QString &model, const QString &text);
    [[nodiscard]] const std::vector<TokenPiece> &pieces() const { return m_pieces; }
    /// The token that is drawn at a place of the text's viewport; nothing beside them.
    [[nodiscard]] std::optional<size_t> pieceAt(const QPoint &place) const;
    [[nodiscard]] QString pieceText(size_t piece) const; ///< what its hover says

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void ask();
    void takeAnswer(const Result<std::vector<TokenPiece>> &answer);
    void showPieces();
    void showWaiting(); ///< what is drawn is of an older text
    void showCaret();
    void showSummary(const QString &text, bool isProblem = false);

    EngineSession &m_session;
    QString m_model;
    QByteArray m_text;
    std::optional<std::pair<QString, QByteArray>> m_asked; ///< what the pieces are of, or will be
    std::vector<TokenPiece> m_pieces;
    std::unique_ptr<PendingRequest> m_request; ///< the newest; another one is cancelled
    int m_number = 0;                          ///< of requests
    bool m_isWaiting = false;                  ///< for the answer to the newest
    std::vector<int> m_ends;                   ///< of each piece that is drawn, behind it in the view's text
    QTimer *m_timer;
    ToneLabel *m_summary, *m_caret;
    QPlainTextEdit *m_view;
};

} // namespace orrery::ui
