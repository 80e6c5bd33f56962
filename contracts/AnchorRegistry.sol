// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title AnchorRegistry: the tree heads of transparency logs, one line of them a log
/// @notice A head is a tree size, a root and the hash of the signed checkpoint; nothing personal or guessable. Heads
/// are only ever added: each names the root that it follows, and its tree is larger. `chainHash` runs over all heads of
/// a log, so that one storage proof of it shows an auditor that no head was hidden, altered or made up.
/// @dev No constructor argument and no immutable: the runtime code is the same wherever it is deployed. No way to take
/// ether, no call to another contract but the SHA-256 precompile, no way to replace the code.
contract AnchorRegistry {
    /// @notice The newest head of a log. `size`, `seq` and `time` share one storage slot.
    struct Head {
        bytes32 root;
        uint64 size;
        uint64 seq;
        uint64 time;
        bytes32 chainHash;
    }

    /// @notice The account that names writers and withdraws anchors: a multi-signature or cold account.
    address public owner;

    /// @notice The account that may accept the ownership; zero when no transfer is under way.
    address public pendingOwner;

    mapping(bytes32 logId => Head) private _heads;
    mapping(bytes32 logId => mapping(address account => bool)) private _writers;
    mapping(bytes32 logId => mapping(uint64 seq => bool)) private _withdrawn;

    /// @notice A head was anchored. Folding these in the order of `seq` gives `chainHash` (see `anchor`).
    event Anchored(
        bytes32 indexed logId,
        uint64 indexed seq,
        bytes32 indexed root,
        uint64 size,
        bytes32 metadataHash,
        uint64 time,
        bytes32 chainHash
    );

    /// @notice The anchor `seq` is withdrawn: its head is no longer to be relied on. The anchor itself stays.
    event Withdrawn(bytes32 indexed logId, uint64 indexed seq);

    /// @notice `account` may, or may no longer, anchor heads of `logId`.
    event WriterSet(bytes32 indexed logId, address indexed account, bool allowed);

    event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner(address account);
    error NotPendingOwner(address account);
    error NotWriter(bytes32 logId, address account);
    error StaleHead(bytes32 root);
    error SizeNotGrown(uint64 size);
    error ZeroRoot();
    error UnknownAnchor(uint64 seq);
    error AlreadyWithdrawn(uint64 seq);

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    constructor() {
        owner = msg.sender;
        emit OwnershipTransferred(address(0), msg.sender);
    }

    /// @notice Add a head to `logId`; only for its writers.
    /// @dev chainHash = SHA-256(abi.encode(chainHash before, logId, seq, size, root, metadataHash, time)): seven words
    /// of 32 bytes, integers big-endian; zero before the first head. `seq` counts from 1, `time` is the block's.
    /// @param previousRoot The root of the newest head, zero before the first: compare and set, so that a head is
    /// never anchored twice and two writers never fork a log.
    function anchor(bytes32 logId, bytes32 previousRoot, uint64 size, bytes32 root, bytes32 metadataHash) external {
        require(_writers[logId][msg.sender], NotWriter(logId, msg.sender));
        Head storage last = _heads[logId];
        require(last.root == previousRoot, StaleHead(last.root));
        uint64 previousSize = last.size;
        require(size > previousSize, SizeNotGrown(previousSize));
        require(root != 0, ZeroRoot()); // a zero root would look like a log without a head

        uint64 seq = last.seq + 1;
        uint64 time = uint64(block.timestamp);
        bytes32 chainHash = sha256(abi.encode(last.chainHash, logId, seq, size, root, metadataHash, time));
        _heads[logId] = Head({root: root, size: size, seq: seq, time: time, chainHash: chainHash});
        emit Anchored(logId, seq, root, size, metadataHash, time, chainHash);
    }

    /// @notice Mark the anchor `seq` of `logId` as withdrawn, once and for good; only for the owner.
    function withdraw(bytes32 logId, uint64 seq) external onlyOwner {
        require(seq != 0 && seq <= _heads[logId].seq, UnknownAnchor(seq));
        require(!_withdrawn[logId][seq], AlreadyWithdrawn(seq));
        _withdrawn[logId][seq] = true;
        emit Withdrawn(logId, seq);
    }

    /// @notice Let `account` anchor heads of `logId`, or no longer; only for the owner.
    function setWriter(bytes32 logId, address account, bool allowed) external onlyOwner {
        _writers[logId][account] = allowed;
        emit WriterSet(logId, account, allowed);
    }

    /// @notice Offer the ownership to `newOwner`, who has to accept it; zero takes an offer back. Only for the owner.
    function transferOwnership(address newOwner) external onlyOwner {
        pendingOwner = newOwner;
        emit OwnershipTransferStarted(msg.sender, newOwner);
    }

    /// @notice Take the ownership that was offered.
    function acceptOwnership() external {
        require(msg.sender == pendingOwner, NotPendingOwner(msg.sender));
        emit OwnershipTransferred(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }

    /// @notice The newest head of `logId`; all zero before the first.
    function head(bytes32 logId) external view returns (Head memory) {
        return _heads[logId];
    }

    /// @notice Whether `account` may anchor heads of `logId`.
    function isWriter(bytes32 logId, address account) external view returns (bool) {
        return _writers[logId][account];
    }

    /// @notice Whether the anchor `seq` of `logId` is withdrawn.
    function isWithdrawn(bytes32 logId, uint64 seq) external view returns (bool) {
        return _withdrawn[logId][seq];
    }
}
