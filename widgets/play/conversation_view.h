// SPDX-License-Identifier: GPL-3.0-or-later
// The turns of a conversation below each other, each with its role, the answers token by token as in the
// token view. Follows its model, paints the visible lines only. GUI thread only.
#pragma once

#include "widgets/play/conversation_model.h"
#include "widgets/play/token_painter.h"

#include <QAbstractScrollArea>

#include <optional>
#include <vector>

class QMenu;

namespace orrery::ui {

class TurnBar;

class ConversationView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit ConversationView(ConversationModel &model, QWidget *parent = nullptr);
    void setColored(bool isColored);
    /// While an answer comes, turns can be copied only.
    void setEditable(bool isEditable);

    [[nodiscard]] int currentTurn() const { return m_currentTurn; } ///< -1: none
    void setCurrentTurn(int row);
    [[nodiscard]] int tokenTurn() const { return m_token.turn; }     ///< turn of the current token, -1: none
    [[nodiscard]] int currentToken() const { return m_token.index; } ///< within its turn
    [[nodiscard]] bool isLocked() const { return m_isLocked; }
    void setCurrentToken(int row, int token, bool isLocked);
    void showToken(int row, int token); ///< scrolls to it
    [[nodiscard]] std::optional<GeneratedToken> currentTokenValue() const;

    /// In the viewport.
    [[nodiscard]] QRectF turnRect(int row) const;
    [[nodiscard]] QRectF tokenRect(int row, int token) const;
    /// Of a picture or recording of a turn.
    [[nodiscard]] QRectF attachmentRect(int row, int index) const;
    /// The selected text, else the current turn, else everything.
    [[nodiscard]] QString copyText() const;
    void copy() const;
    void selectAll();
    /// For assistive tools: number of turns, current turn, current token with its probability.
    [[nodiscard]] QString summary() const;
    [[nodiscard]] bool isFollowing() const { return m_isFollowing; }

Q_SIGNALS:
    void currentTokenChanged();
    void editRequested(int row);
    void removeRequested(int row);
    void copyRequested(int row);
    void copyAllRequested(bool isJson);
    void currentTurnChosen(int row); ///< also where it was the current one
    void entered();                  ///< Enter on the current token
    /// Before it is opened, at a token of an answer.
    void menuRequested(QMenu *menu, int row, int token);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;

private:
    /// Around turns, left and right of their text, between them, above and below their text.
    static constexpr double kMargin = 8, kPadding = 12, kGap = 8, kInset = 7;
    static constexpr double kTileGap = 6; ///< beside and below pictures and recordings

    struct Block {
        VersionPtr version; ///< of an answer
        TokenCells cells;
        TokenLayout layout;
        std::vector<float> probabilities;
        double mediaHeight = 0;     ///< of pictures and recordings, between head and text
        double top = 0, height = 0; ///< in the content
    };
    struct TokenPlace {
        int turn = -1, index = -1;
        bool operator==(const TokenPlace &) const = default;
    };

    void follow();
    void fill(int row);
    void insertTurns(int first, int last);
    void removeTurns(int first, int last);
    void takeTokens(int row, const std::vector<GeneratedToken> &tokens);
    void updateTurn(int row);
    bool measure(); ///< @return whether lines break elsewhere
    void relayout();
    void place(int from);
    void updateBar();
    [[nodiscard]] TokenScene scene(int row) const;
    [[nodiscard]] QString infoText(int row) const;
    void paintTurn(QPainter &painter, int row, const QRectF &exposed);
    void paintHeader(QPainter &painter, int row, const QRectF &area);
    [[nodiscard]] int tilesPerLine() const;
    [[nodiscard]] double mediaHeight(int row) const;
    [[nodiscard]] int
    forkMark(int row) const; ///< token where the answer parts from another version; -1: none
    bool showForkTip(const QPoint &at, const QPoint &global);
    void showAttachmentTip(const QPoint &at, const QPoint &global);
    [[nodiscard]] int turnAt(double y) const; ///< -1 between turns
    [[nodiscard]] int numTokens(int row) const
    {
        return m_blocks[static_cast<size_t>(row)].cells.numTokens();
    }
    /// Next answer with tokens in that direction; -1 for none.
    [[nodiscard]] int answerFrom(int row, int by) const;
    void moveByToken(int by);
    void moveByLine(int by);
    bool moveKey(int key);
    bool turnKey(QKeyEvent *event);
    void moveByTurn(int by);
    void showRect(const QRectF &area);

    ConversationModel &m_model;
    TurnBar *m_bar;
    std::vector<Block> m_blocks;
    QFont m_font;
    double m_width = -1, m_headerHeight = 0; ///< of lines; of the line with the role
    TokenPlace m_token;
    int m_currentTurn = -1, m_hoveredTurn = -1;
    int m_selectedTurn = -1;
    int64_t m_anchor = -1, m_selectionEnd = -1; ///< cells of the selected turn
    QPointF m_pressedAt;
    bool m_isDragging = false, m_isAllSelected = false;
    bool m_isLocked = false, m_isColored = false, m_isEditable = true;
    bool m_isFollowing = true, m_isScrollingItself = false;
};

} // namespace orrery::ui
