package memory_test

import (
	"testing"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/books/memory"
)

func TestConformance(t *testing.T) {
	bookstest.Run(t, func(*testing.T) books.Store { return memory.New() })
}
