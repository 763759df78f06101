// SPDX-License-Identifier: GPL-3.0-or-later
// The transcript of a generation, token by token: streamed, coloured by probability on demand, with a current
// token that follows the pointer or the arrow keys and can be locked. Paints the visible lines only. GUI
// thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/play/token_cells.h"
#include "widgets/play/token_layout.h"
#include "widgets/play/token_painter.h"

#include <QAbstractScrollArea>

#include <vector>

class QMenu;

namespace orrery::ui {

class TokenView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit TokenView(QWidget *parent = nullptr);
    void clear();
    /// Bytes that were given; shown in the secondary colour before the tokens.
    void setPrompt(std::string_view bytes);
    /// Bytes behind a hole that the tokens fill; after the prompt, before the first token.
    void setSuffix(std::string_view bytes);
    void appendTokens(const std::vector<GeneratedToken> &tokens);
    /// No token follows.
    void finish();
    void setColored(bool isColored);
    [[nodiscard]] bool isColored() const { return m_isColored; }

    [[nodiscard]] int numTokens() const { return m_cells.numTokens(); }
    [[nodiscard]] int currentToken() const { return m_current; } ///< -1: none
    [[nodiscard]] bool isLocked() const { return m_isLocked; }
    void setCurrentToken(int token, bool isLocked);
    void showToken(int token); ///< scrolls to it
    /// A token that a fork stands at, with what its hover says; -1: none. Goes with the text.
    void setForkMark(int token, const QString &toolTip);
    [[nodiscard]] int forkMark() const { return m_fork; }
    /// Tokens at the beginning that other answers say, too, stand back; the first that they do not is marked; -1: none.
    void setDifference(int numShared, int firstOwn);
    [[nodiscard]] const TokenCells &cells() const { return m_cells; }
    /// Rectangle of a token's first cell in the viewport.
    [[nodiscard]] QRectF tokenRect(int token) const;
    /// Token under a point of the viewport, -1 for none.
    [[nodiscard]] int tokenAt(const QPointF &position) const;
    /// Selected text, or prompt and tokens when nothing is selected.
    [[nodiscard]] QString copyText() const;
    void copy() const;
    void selectAll();
    /// One sentence for assistive tools: number of tokens, current token, its probability.
    [[nodiscard]] QString summary() const;
    [[nodiscard]] bool isFollowing() const { return m_isFollowing; }

Q_SIGNALS:
    void currentTokenChanged(int token, bool isLocked);
    void entered(int token); ///< Enter on the current token
    /// Before it is opened, at a token.
    void menuRequested(QMenu *menu, int token);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void layoutFrom(int64_t firstChanged);
    void relayout();
    void updateScrollBar();
    /// Where the bar stands while the view follows: the end, or the end of the hole.
    [[nodiscard]] int followValue() const;
    [[nodiscard]] TokenScene scene() const;
    [[nodiscard]] int64_t cellAt(const QPointF &position) const; ///< the nearest
    void moveByLine(int by);
    void updateToken(int token); ///< paints its lines anew

    TokenCells m_cells;
    TokenLayout m_layout;
    std::vector<float> m_probabilities;
    int m_current = -1;
    bool m_isLocked = false, m_isColored = false, m_isFollowing = true, m_isScrollingItself = false;
    int64_t m_anchor = -1, m_selectionEnd = -1; ///< cells; equal: nothing selected
    QPointF m_pressedAt;
    bool m_isDragging = false;
    int m_fork = -1;
    int m_numShared = 0, m_firstOwn = -1;
    QString m_forkTip;
};

/// How one token is written alone: "␣the", "↵", "\xE2".
QString visibleTokenText(std::string_view bytes, int32_t id);
/// A token whose bytes are a name rather than text.
bool isSpecialToken(std::string_view bytes, int32_t id);

} // namespace orrery::ui
