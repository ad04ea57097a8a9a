package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
)

// journal is the sandbox's memory: a file that is only appended to, one record a line, each line with its own CRC-32.
// A record is a whole change, so a crash leaves either all of it or none. A last line that was cut short by a crash is
// taken away when the file is opened again: nobody was told that it had happened.
type journal struct {
	file *os.File

	mu      sync.Mutex // guards written
	written int64      // bytes

	syncing sync.Mutex // held by the one caller that waits for the disk
	synced  int64      // bytes known to be on it; guarded by syncing
}

// MaxRecord bounds one line; the largest record is a payout of some ten thousand movements.
const maxRecord = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal replays the file at path, creating it when it is missing, and returns it ready for more.
func openJournal(path string, replay func(record) error) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	good, err := replayAll(f, replay)
	if err == nil {
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &journal{file: f, written: good, synced: good}, nil
}

// replayAll feeds the records and returns the length of the part that is whole. A bad line that is not the last is no
// accident of a crash: it is refused rather than forgotten.
func replayAll(r io.Reader, replay func(record) error) (int64, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var good int64
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil // an unfinished last line, or none
		}
		if err != nil {
			return good, err
		}
		rec, err := decode(line)
		if err != nil {
			if _, more := in.Peek(1); errors.Is(more, io.EOF) {
				return good, nil
			}
			return good, fmt.Errorf("line %d: %w", n, err)
		}
		if err := replay(rec); err != nil {
			return good, fmt.Errorf("line %d: %w", n, err)
		}
		good += int64(len(line))
	}
}

func decode(line []byte) (record, error) {
	var rec record
	sum, body, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if !ok || len(line) > maxRecord || string(sum) != checksum(body) {
		return rec, errors.New("the checksum does not match")
	}
	return rec, json.Unmarshal(body, &rec)
}

func encode(rec record) ([]byte, error) {
	body, err := json.Marshal(rec)
	if err != nil {
		return nil, err
	}
	line := append([]byte(checksum(body)), ' ')
	return append(append(line, body...), '\n'), nil
}

func checksum(body []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli)) }

// append writes a record and returns the position to give to sync. The caller holds the lock that orders records.
func (j *journal) append(rec record) (int64, error) {
	line, err := encode(rec)
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.WriteAt(line, j.written); err != nil {
		// Half a line would spoil the next one.
		return 0, errors.Join(err, j.file.Truncate(j.written))
	}
	j.written += int64(len(line))
	return j.written, nil
}

// sync returns when everything up to a position is on disk. Callers that wait together share one flush.
func (j *journal) sync(upTo int64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= upTo {
		return nil
	}
	j.mu.Lock()
	end := j.written
	j.mu.Unlock()
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.synced = end
	return nil
}

func (j *journal) close() error { return j.file.Close() }
